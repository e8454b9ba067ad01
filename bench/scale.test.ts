import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { METRICS } from "../infra/backlog/metrics.ts";
import { COST_TABLES } from "./aws-cost.ts";
import { SCALE_TABLES } from "./scale.ts";
import { CONSTANTS } from "./scale-constants.ts";

test.each([
	["scale.md", "scale.ts", SCALE_TABLES],
	["aws.md", "aws-cost.ts", COST_TABLES],
])("docs/%s has the tables that bench/%s prints", (page, _script, tables) => {
	const text = readFileSync(new URL(`../docs/${page}`, import.meta.url), "utf8");
	for (const [name, expected] of Object.entries(tables)) {
		const found = new RegExp(`<!-- ${name} -->\n([\\s\\S]*?)\n\n`).exec(text)?.[1];
		expect(found, name).toBe(expected);
	}
});

test("the constants that the code knows are the code's", async () => {
	const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
	expect(read("core/judging-spec.ts")).toContain(`CALLS_A_CHUNK = ${CONSTANTS.callsAChunk.value};`);
	expect(read("core/prompt-range.ts")).toContain(`PROMPTS_A_PART = ${CONSTANTS.promptsAPart.value};`);
	expect(read("workflows/sampling.ts")).toContain(`PARTS_A_RUN = ${CONSTANTS.partsARun.value};`);
	expect(read("workflows/judging.ts")).toContain(`UNITS_A_RUN = ${CONSTANTS.partsARun.value};`);
	expect(read("workflows/judging.ts")).toContain(`CHUNKS_A_UNIT = ${CONSTANTS.programChunks.value};`);
	expect(read("activities/oracle/candidates.ts")).toContain(`KEPT = ${CONSTANTS.partsKept.value};`);
	expect(read("activities/oracle/calls/plan-reader.ts")).toContain(`KEPT = ${CONSTANTS.plansKept.value};`);
	expect(read("infra/aws/control-stack.ts")).toContain(`memoryLimitMiB: ${CONSTANTS.controlBytes.value / 1024 ** 2},`);
	expect(read("infra/aws/settings.ts")).toContain(`.default(${CONSTANTS.functionBytes.value / 1024 ** 2}),`);
	const { ledgerPuts, ledgerGets, s3Put, s3Get, gp3Month } = CONSTANTS;
	const store = read("docs/store.md");
	expect(store).toMatch(new RegExp(`^\\| 4 × 16 \\| \\d+ \\| ${ledgerPuts.value} \\| ${ledgerGets.value} \\|$`, "m"));
	expect(store).toContain(
		`At $${s3Put.value} for a million PUT and LIST, $${s3Get.value.toFixed(2)} for a million GET`,
	);
	const disk = /BlockDeviceVolume\.ebs\((\d+)/.exec(read("infra/aws/gpu-stack.ts"))![1];
	expect(COST_TABLES.nightly).toContain(`× ${disk} GB × ${gp3Month.value}`);
	const { constants } = await import("node:buffer");
	expect(constants.MAX_STRING_LENGTH).toBe(CONSTANTS.stringChars.value);
	const endpoints = read("infra/aws/network-stack.ts").match(/InterfaceVpcEndpointAwsService\.\w+/g)!;
	expect(COST_TABLES.idle).toContain(`| interface endpoints | ${endpoints.length} ×`);
	expect(COST_TABLES.idle).toContain(`| custom metrics | ${Object.keys(METRICS).length} ×`);
});
