import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { createFolderStore } from "../activities/store/folder-store.ts";
import type { Store } from "../activities/store/store.ts";
import type { PolicyRef } from "../core/steps.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { storePolicy } from "./policies.ts";
import { createPolicyCache, openPolicy } from "./policy-cache.ts";

const BYTES = 1_000;
let dir: string;
let store: Store;
let copies: number;
let policies: PolicyRef[];
beforeEach(async () => {
	dir = temporaryFolder();
	const folder = createFolderStore(join(dir, "store"));
	copies = 0;
	const exportTo: Store["exportTo"] = (...args) => {
		copies++;
		return folder.exportTo(...args);
	};
	store = { ...folder, exportTo };
	policies = [];
	for (const name of ["a", "b", "c", "d"]) {
		const source = temporaryFolder();
		writeFileSync(join(source, "model.safetensors"), name.repeat(BYTES));
		const put = (data: Uint8Array | string | { readonly file: string }) =>
			typeof data === "object" && "file" in data
				? folder.putFile(data.file, { step: "test", inputs: {} })
				: folder.put(data, { step: "test", inputs: {} });
		policies.push(await storePolicy(put, source, name));
	}
});

const cached = () => readdirSync(join(dir, "cache")).toSorted();
const keys = (...indices: number[]) => indices.map((i) => policies[i]!.manifest.sha256).toSorted();

test("what was used longest ago makes room, and comes again when it is asked for", async () => {
	const cache = createPolicyCache(join(dir, "cache"), 3 * BYTES);
	for (const i of [0, 1, 2]) await cache.open(store, policies[i]!);
	expect(cached()).toEqual(keys(0, 1, 2));
	await cache.open(store, policies[0]!);
	expect(copies).toBe(3);
	await cache.open(store, policies[3]!);
	expect(cached()).toEqual(keys(0, 2, 3));
	const folder = await cache.open(store, policies[1]!);
	expect(readFileSync(join(folder, "model.safetensors"), "utf8")).toBe("b".repeat(BYTES));
	expect(copies).toBe(5);
	// A worker that is started again finds what was there, by when it was used.
	await createPolicyCache(join(dir, "cache"), 3 * BYTES).open(store, policies[1]!);
	expect(copies).toBe(5);
});

test("a policy and its reference stay, however small the limit", async () => {
	const cache = createPolicyCache(join(dir, "cache"), 1);
	await Promise.all([cache.open(store, policies[0]!), cache.open(store, policies[1]!)]);
	expect(cached()).toEqual(keys(0, 1));
	await cache.open(store, policies[2]!);
	expect(cached()).toEqual(keys(1, 2));
});

test("a damaged copy is made again, and without a cache the campaign's folder is used", async () => {
	const places = { store, policies: join(dir, "policies"), cache: createPolicyCache(join(dir, "cache"), 3 * BYTES) };
	const file = join(await openPolicy(places, policies[0]!), "model.safetensors");
	expect(file.startsWith(join(dir, "cache"))).toBe(true);
	writeFileSync(file, "b".repeat(BYTES));
	await openPolicy(places, policies[0]!);
	expect(readFileSync(file, "utf8")).toBe("a".repeat(BYTES));
	const { cache: _, ...without } = places;
	expect(await openPolicy(without, policies[0]!)).toBe(join(dir, "policies", "a"));
});
