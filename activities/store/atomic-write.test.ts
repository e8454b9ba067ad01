import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { removeTemporaries, replaceAtomically, writeFileAtomic } from "./atomic-write.ts";

let dir: string;
beforeEach(() => {
	dir = temporaryFolder();
});

const folderWith = (name: string) => async (temporary: string) => {
	await mkdir(temporary);
	await writeFile(join(temporary, name), "");
};

test("a file is written in parts and replaced, in folders that are made for it", async () => {
	const path = join(dir, "a/b/file");
	await writeFileAtomic(path, "text");
	await writeFileAtomic(path, [Buffer.from("one "), Buffer.from("two")]);
	expect(readFileSync(path, "utf8")).toBe("one two");
	expect(readdirSync(join(dir, "a/b"))).toEqual(["file"]);
});

test("a folder is replaced whole, and stays as it was where making it fails", async () => {
	const path = join(dir, "model");
	await replaceAtomically(path, folderWith("a"));
	await replaceAtomically(path, folderWith("b"));
	expect(readdirSync(path)).toEqual(["b"]);
	const fails = async (temporary: string) => {
		await folderWith("c")(temporary);
		throw new Error("stop");
	};
	await expect(replaceAtomically(path, fails)).rejects.toThrow("stop");
	expect(readdirSync(path)).toEqual(["b"]);
	expect(readdirSync(dir)).toEqual(["model"]);
});

test("a full disk is one clear error and leaves no file behind", async () => {
	const path = join(dir, "x");
	function* parts() {
		yield new Uint8Array(4);
		throw Object.assign(new Error("no space left on device"), { code: "ENOSPC", path: "a temporary name" });
	}
	await expect(writeFileAtomic(path, parts())).rejects.toThrow(`${path}: the disk is full`);
	expect(readdirSync(dir)).toEqual([]);
});

test("a path that cannot be written is one clear error", async () => {
	writeFileSync(join(dir, "file"), "");
	mkdirSync(join(dir, "folder/full"), { recursive: true });
	await expect(writeFileAtomic(join(dir, "file", "x"), "1")).rejects.toThrow("cannot be written");
	expect(readFileSync(join(dir, "file"), "utf8")).toBe("");
});

test("what killed processes left half-written is removed, and nothing else", async () => {
	mkdirSync(join(dir, "deep"));
	const leftover = "model.0b6e7a3c-1111-4222-8333-1234567890ab.tmp";
	mkdirSync(join(dir, "deep", leftover));
	for (const name of [leftover, `deep/${leftover}/weights`, "mine.tmp", "deep/file"])
		writeFileSync(join(dir, name), "");
	await removeTemporaries(dir);
	expect(readdirSync(dir, { recursive: true }).toSorted()).toEqual(["deep", "deep/file", "mine.tmp"]);
});
