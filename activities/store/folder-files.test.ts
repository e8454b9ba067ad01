import { createHash } from "node:crypto";
import { mkdirSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { createFolderFiles } from "./folder-files.ts";
import { storeNames } from "./layout.ts";

test("a file that cannot be looked at is an error, and not a file that is missing: its verdict would be paid for again", async () => {
	const root = join(temporaryFolder(), "verdicts");
	const files = createFolderFiles(root);
	await files.write("ab/abc.json", "{}");
	expect(await files.read("ab/other.json")).toBeUndefined();
	expect(await files.read("cd/abc.json")).toBeUndefined();
	renameSync(join(root, "ab"), join(root, "away"));
	// Root may look into every folder, but nobody follows a link in a circle.
	symlinkSync("ab", join(root, "ab"));
	await expect(files.read("ab/abc.json")).rejects.toMatchObject({ code: "ELOOP" });
});

test("nor is an artifact that cannot be looked at: it would be made again", async () => {
	const root = join(temporaryFolder(), "store");
	const files = createFolderFiles(root);
	const sha256 = createHash("sha256").update("weights").digest("hex");
	mkdirSync(join(root, "objects"), { recursive: true });
	const folder = join(root, storeNames.object(sha256), "..");
	symlinkSync(folder, folder);
	await expect(files.copyObject(sha256, join(temporaryFolder(), "copy"))).rejects.toMatchObject({ code: "ELOOP" });
});
