import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createFolderStore } from "../activities/store/folder-store.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { materialisePolicy, storePolicy } from "./policies.ts";

test("a policy's folder is made once, and again where somebody edited it", async () => {
	const dir = temporaryFolder();
	const store = createFolderStore(join(dir, "store"));
	const source = temporaryFolder();
	writeFileSync(join(source, "model.safetensors"), "weights");
	const put = (data: Uint8Array | string | { readonly file: string }) =>
		typeof data === "object" && "file" in data
			? store.putFile(data.file, { step: "test", inputs: {} })
			: store.put(data, { step: "test", inputs: {} });
	const policy = await storePolicy(put, source, "dno-1");

	const folder = await materialisePolicy(store, join(dir, "policies"), policy);
	const file = join(folder, "model.safetensors");
	expect(readFileSync(file, "utf8")).toBe("weights");
	const neverCopied = { ...store, exportTo: () => Promise.reject(new Error("copied")) };
	expect(await materialisePolicy(neverCopied, join(dir, "policies"), policy)).toBe(folder);

	writeFileSync(file, "weightz");
	await materialisePolicy(store, join(dir, "policies"), policy, "all but weights");
	expect(readFileSync(file, "utf8")).toBe("weightz");
	await materialisePolicy(store, join(dir, "policies"), policy);

	const { atime, mtime } = statSync(file);
	const edits: readonly (() => void)[] = [
		() => writeFileSync(file, "edited!"),
		// As a disk does it: nothing but the bytes says so.
		() => {
			writeFileSync(file, "weightz");
			utimesSync(file, atime, mtime);
		},
		() => rmSync(file),
		() => writeFileSync(join(folder, "adapter_config.json"), "{}"),
	];
	for (const edit of edits) {
		edit();
		await materialisePolicy(store, join(dir, "policies"), policy);
		expect(readFileSync(file, "utf8")).toBe("weights");
		expect(readdirSync(folder)).toEqual(["model.safetensors"]);
	}
});
