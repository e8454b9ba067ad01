import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { runCommand } from "citty";
import { expect, test, vi } from "vitest";
import { readModel } from "../../gpu-worker/model/folder.ts";
import { importModel } from "../../infra/models/import-model.ts";
import { tinyModel } from "../../infra/models/testing/download-hub.ts";
import { dno } from "../testing/dno.ts";
import { importCommand } from "./import.ts";

vi.mock("../../infra/models/import-model.ts", () => ({ importModel: vi.fn() }));

test("a folder's copy has its name, however its path is spelt", async () => {
	const cwd = await tinyModel();
	const { code, stderr } = await dno(["model", "import", "."], { cwd });
	expect(code, stderr).toBe(0);
	expect(readdirSync(join(cwd, "models"))).toEqual([basename(cwd)]);
	expect(readModel(join(cwd, "models", basename(cwd)))).toEqual(readModel(cwd));
});

test("that a model is not quite what was asked for is told", async () => {
	vi.mocked(importModel).mockResolvedValueOnce("it is rounded");
	let printed = "";
	const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
		printed += String(text);
		return true;
	});
	await runCommand(importCommand, { rawArgs: ["smollm2-135m-instruct"] }).finally(() => write.mockRestore());
	expect(printed).toBe("it is rounded\nThe model is in models/smollm2-135m-instruct\n");
});
