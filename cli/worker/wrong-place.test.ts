import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { openWorkspace } from "../../infra/workspace/workspace.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { makeCampaign } from "../testing/campaign-folder.ts";
import { dno } from "../testing/dno.ts";

/** The command with Temporal's variables as they are given, and no others. */
function withServer(args: readonly string[], variables: Record<string, string>) {
	const own = Object.entries(process.env).filter(([key]) => !key.startsWith("TEMPORAL_") || key === "TEMPORAL_CLI");
	return dno(args, { env: { ...Object.fromEntries(own), TEMPORAL_CONFIG_FILE: "", ...variables } });
}

// A refusal takes gRPC eight seconds to tell: the tests wait for it at once.
const WRONG: [string, () => Record<string, string>, string][] = [
	[
		"does not answer",
		() => ({ TEMPORAL_ADDRESS: "127.0.0.1:1" }),
		"error: TEMPORAL_ADDRESS: No Temporal server answers (connection refused)",
	],
	[
		"has no such namespace",
		() => ({ TEMPORAL_ADDRESS: inject("temporalAddress"), TEMPORAL_NAMESPACE: "nowhere" }),
		"error: TEMPORAL_NAMESPACE: The server has no namespace nowhere",
	],
];
const PLAIN: (typeof WRONG)[number] = [
	"speaks no TLS, which an API key asks for",
	() => ({ TEMPORAL_ADDRESS: inject("temporalAddress"), TEMPORAL_API_KEY: "key" }),
	"error: TEMPORAL_ADDRESS: The server does not speak TLS",
];

test.concurrent.each([...WRONG, PLAIN])(
	"a worker whose server %s says so, and makes no workspace",
	async (_, variables, said) => {
		const folder = join(temporaryFolder(), "workspace");
		const { code, stdout, stderr } = await withServer(["worker", "control", "--workspace", folder], variables());
		expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: "", stderr: expect.stringContaining(said) });
		expect(existsSync(folder)).toBe(false);
	},
);

test.concurrent.each(WRONG)("dno up whose server %s says so, and starts no worker", async (_, variables, said) => {
	const args = ["up", "--workspace", temporaryFolder(), "--gpu-workers", "0"];
	const { code, stdout, stderr } = await withServer(args, variables());
	expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: "", stderr: expect.stringContaining(said) });
});

test.concurrent.each(WRONG)("dno start in a workspace whose server %s says so", async (_, variables, said) => {
	const { directory } = await openWorkspace(temporaryFolder());
	const args = ["start", makeCampaign().folder, "--out", join(directory, "campaign")];
	const { code, stdout, stderr } = await withServer(args, variables());
	expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: "", stderr: expect.stringContaining(said) });
	expect(existsSync(join(directory, "campaign"))).toBe(false);
});

test("a worker without a server makes no workspace of a folder that was named by mistake", async () => {
	const folder = join(temporaryFolder(), "mistyped");
	const { code, stderr } = await withServer(["worker", "judge", "--workspace", folder], {});
	expect({ code, stderr }).toEqual({
		code: 1,
		stderr: `error: ${folder}: no Temporal server runs for this workspace. Start it with dno up, or set TEMPORAL_ADDRESS\n`,
	});
	expect(existsSync(folder)).toBe(false);
});

test.each([
	["up", "--gpu-workers", "0"],
	["worker", "judge"],
])("a workspace that is a file is an error that names the option: dno %s", async (...args) => {
	const file = join(temporaryFolder(), "file");
	writeFileSync(file, "");
	const { code, stderr } = await withServer([...args, "--workspace", file], {
		TEMPORAL_ADDRESS: inject("temporalAddress"),
	});
	expect({ code, stderr }).toEqual({
		code: 1,
		stderr: `error: ${file}: a folder is wanted where a file is. Name another folder with --workspace\n`,
	});
});
