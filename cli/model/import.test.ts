import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { readModel } from "../../gpu-worker/model/folder.ts";
import { tinyModel } from "../../infra/models/testing/download-hub.ts";
import { dno } from "../testing/dno.ts";

test("a folder's copy has its name, however its path is spelt", async () => {
	const cwd = await tinyModel();
	const { code, stderr } = await dno(["model", "import", "."], { cwd });
	expect(code, stderr).toBe(0);
	expect(readdirSync(join(cwd, "models"))).toEqual([basename(cwd)]);
	expect(readModel(join(cwd, "models", basename(cwd)))).toEqual(readModel(cwd));
});
