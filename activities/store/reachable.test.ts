import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { createFolderFiles } from "./folder-files.ts";
import { storeNames } from "./layout.ts";
import { reachableFrom } from "./reachable.ts";

const [root, leaf] = ["a".repeat(64), "b".repeat(64)];

test.each([storeNames.lineage(root), storeNames.object(root)])(
	"%s may name 160,000 artifacts in one line",
	async (name) => {
		const files = createFolderFiles(temporaryFolder());
		const refs = Array.from({ length: 160_000 }, () => ({ sha256: leaf, bytes: 1 }));
		await files.write(name, JSON.stringify({ refs }));
		expect(await reachableFrom(files, [root])).toEqual(new Set([root, leaf]));
	},
);
