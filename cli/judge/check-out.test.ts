import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, expect, test } from "vitest";
import { checkOut } from "./check-out.ts";

const folder = mkdtempSync(join(tmpdir(), "dno-out-"));
afterAll(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
writeFileSync(at("in.jsonl"), "{}\n");
writeFileSync(at("old.jsonl"), "{}\n");
symlinkSync(at("in.jsonl"), at("link.jsonl"));
symlinkSync(folder, at("same"));
mkdirSync(at("sub"));

const check = (out: string) => checkOut(out, { "--oracle": at("oracle.yaml"), "--in": at("in.jsonl") });

test.each([
	["the input", at("in.jsonl"), "it would replace what --in names"],
	["the input by a relative path", relative(process.cwd(), at("in.jsonl")), "it would replace what --in names"],
	["the input by a link", at("link.jsonl"), "it would replace what --in names"],
	["the input by a link to its folder", join(at("same"), "in.jsonl"), "it would replace what --in names"],
	["the oracle", at("sub/../oracle.yaml"), "it would replace what --oracle names"],
	["a folder", at("sub"), "it is a folder"],
	["a folder by its end", `${at("sub")}/`, "it is a folder"],
	["a device", "/dev/null", "it is no file that can be replaced"],
	["below a file", at("old.jsonl/more/out.jsonl"), "old.jsonl is a file, and no folder"],
])("--out that is %s is refused", async (_, out, says) => {
	const refused = expect.objectContaining({ exitCode: 2, message: expect.stringContaining(says) });
	await expect(check(out)).rejects.toEqual(refused);
});

test("a new file, an old one and one in folders to be made will do", async () => {
	for (const name of ["new.jsonl", "old.jsonl", "sub/deep/deeper/new.jsonl"]) await check(at(name));
});

// Root may write everywhere.
test.skipIf(process.getuid?.() === 0)("a folder that takes no files is refused", async () => {
	mkdirSync(at("closed"));
	chmodSync(at("closed"), 0o500);
	await expect(check(at("closed/new.jsonl"))).rejects.toThrow("nothing can be written in");
});
