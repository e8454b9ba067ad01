import { readFileSync, utimesSync, writeFileSync } from "node:fs";
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
	const neverAsked = { ...store, get: () => Promise.reject(new Error("asked")) };
	expect(await materialisePolicy(neverAsked, join(dir, "policies"), policy)).toBe(folder);

	writeFileSync(file, "edited!");
	// A person is slower than a file system's clock, this test is not.
	const later = Date.now() / 1000 + 10;
	utimesSync(file, later, later);
	await materialisePolicy(store, join(dir, "policies"), policy);
	expect(readFileSync(file, "utf8")).toBe("weights");
});
