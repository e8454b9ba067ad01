import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openCampaign } from "../infra/workspace/open-campaign.ts";
import { ownIdentity } from "../infra/workspace/process-identity.ts";
import { loadCampaign } from "./load-campaign.ts";
import { type CampaignFolder, CONFIG, edit, MODEL, makeCampaign, prompts } from "./testing/campaign-folder.ts";
import { dno } from "./testing/dno.ts";

// Processes start slowly on a machine that is busy with other tests.

interface Case {
	readonly name: string;
	readonly code: 1 | 2;
	readonly args?: readonly string[];
	readonly break?: (campaign: CampaignFolder) => unknown;
	/** What stderr says, with DIR for the campaign's folder. */
	readonly says: string;
}

const replaceLine = (file: string, line: number, text: string) => (campaign: CampaignFolder) => {
	const lines = prompts(file.replace(".jsonl", ""), 6).split("\n");
	lines[line - 1] = text;
	campaign.write(file, lines.join("\n"));
};

const cases: Case[] = [
	{
		name: "an unknown key",
		code: 2,
		break: (campaign) => edit(campaign, "maxTokens: 16", "maxTokens: 16,\n\t\ttemprature: 1"),
		says: "DIR/dno.config.ts:15: unknown key sampling.temprature. Did you mean sampling.temperature?",
	},
	{
		name: "a wrong type",
		code: 2,
		break: (campaign) => edit(campaign, "iterations: 2", 'iterations: "2"'),
		says: 'DIR/dno.config.ts:4: iterations must be a number. got "2"',
	},
	{
		name: "K < 2",
		code: 2,
		break: (campaign) => edit(campaign, "samples: 4", "samples: 1"),
		says: "DIR/dno.config.ts:13: sampling.samples must be at least 2 (Algorithm 2 compares a policy's own samples, so it needs K ≥ 2). got 1",
	},
	{
		name: "K < 2 by an option",
		code: 2,
		args: ["--set", "sampling.samples=1"],
		says: "--set sampling.samples=1: sampling.samples must be at least 2",
	},
	{
		name: "weights of no type that there is",
		code: 2,
		break: (campaign) => edit(campaign, "samples: 4", 'weights: "int4", samples: 4'),
		says: 'DIR/dno.config.ts:13: sampling.weights must be one of "float32", "int8". got "int4"',
	},
	{
		name: "an oracle of no kind that there is",
		code: 2,
		break: (campaign) => edit(campaign, 'kind: "verifier"', 'kind: "llm"'),
		says: 'DIR/dno.config.ts:16: oracle.kind must be one of "verifier", "matrix", "listwise", "pairwise", "score", "panel". got "llm"',
	},
	{
		name: "several problems",
		code: 2,
		break: (campaign) =>
			campaign.write("dno.config.ts", CONFIG.replace("samples: 4", "sample: 4").replace("1e-4", "-1")),
		says: "DIR/dno.config.ts: 3 problems in the campaign's config\n",
	},
	{
		name: "a config that does not parse",
		code: 2,
		break: (campaign) => edit(campaign, 'name: "tiny",', 'name: "tiny"'),
		says: "DIR/dno.config.ts:4: syntax error: ",
	},
	{
		name: "a JavaScript config that does not parse",
		code: 2,
		break: (campaign) => {
			rmSync(campaign.path("dno.config.ts"));
			campaign.write("dno.config.js", CONFIG.replace('name: "tiny",', 'name: "tiny"'));
		},
		says: "DIR/dno.config.js:4: syntax error: Unexpected identifier 'iterations'",
	},
	{
		name: "a config that throws",
		code: 2,
		break: (campaign) => edit(campaign, 'name: "tiny"', "name: nobody.name"),
		says: "DIR/dno.config.ts:3: the module throws ReferenceError: nobody is not defined",
	},
	{
		name: "a campaign that is not there",
		code: 2,
		args: ["nowhere"],
		says: "nowhere: no such campaign file or folder",
	},
	{
		name: "two configs in a folder",
		code: 2,
		break: (campaign) => campaign.write("dno.config.json", {}),
		says: "DIR: the folder has 2 campaign configs, ",
	},
	{
		name: "a missing prompts file",
		code: 1,
		break: (campaign) => edit(campaign, "train.jsonl", "trian.jsonl"),
		says: "DIR/trian.jsonl: the file does not exist. Did you mean train.jsonl?",
	},
	{
		name: "an empty line",
		code: 1,
		break: replaceLine("train.jsonl", 3, ""),
		says: "DIR/train.jsonl:3: empty line. Delete the line",
	},
	{
		name: "a duplicate prompt",
		code: 1,
		break: replaceLine("train.jsonl", 3, '{"id": "other", "prompt": " What is  train 0?", "gold": "4"}'),
		says: "DIR/train.jsonl:3: the same prompt as on line 1",
	},
	{
		name: "a line that is not JSON",
		code: 1,
		break: replaceLine("train.jsonl", 2, "{oops"),
		says: 'DIR/train.jsonl:2: the line is not JSON. got "{oops"',
	},
	{
		name: "held-out prompts that are trained on",
		code: 1,
		break: (campaign) => campaign.write("held-out.jsonl", prompts("held-out", 2) + prompts("train", 3)),
		says: "DIR/held-out.jsonl:3: the same prompt as DIR/train.jsonl:1; 3 prompts are in both prompts.train and prompts.heldOut",
	},
	{
		name: "too few training prompts",
		code: 1,
		args: ["--set", "prompts.perIteration=4"],
		says: "DIR/train.jsonl: 2 iterations of 4 fresh prompts need 8 training prompts. got 6. Add 2 prompts, or lower prompts.perIteration to 3",
	},
	{
		name: "a model folder that is none",
		code: 1,
		break: (campaign) => {
			rmSync(campaign.path("model/tokenizer.json"));
			rmSync(campaign.path("model/model.safetensors"));
		},
		says: "DIR/model: not a Hugging Face model folder: model.safetensors and tokenizer.json are missing",
	},
	{
		name: "weights that are a git-lfs pointer",
		code: 1,
		break: (campaign) => campaign.write("model/model.safetensors", "version https://git-lfs.github.com/spec/v1"),
		says: "DIR/model/model.safetensors: the safetensors header is longer than the file",
	},
	{
		name: "a model of another architecture",
		code: 1,
		break: (campaign) => campaign.write("model/config.json", { architectures: ["GPT2LMHeadModel"] }),
		says: 'DIR/model/config.json: unsupported architecture. got "GPT2LMHeadModel"',
	},
	{
		name: "a model that cannot end a response",
		code: 1,
		break: (campaign) => campaign.write("model/config.json", { ...MODEL, eos_token_id: null }),
		says: "DIR/model/config.json: eos_token_id names no token. Set it to the id of the token that ends an answer",
	},
	{
		name: "a tokenizer that is none",
		code: 1,
		break: (campaign) => campaign.write("model/tokenizer.json", []),
		says: "DIR/model/tokenizer.json: not a tokenizer file. got []",
	},
	{
		name: "a single answer where an offline baseline needs two",
		code: 1,
		break: replaceLine("train.jsonl", 3, '{"id": "t2", "prompt": "What is 5?", "gold": "5", "answers": ["5"]}'),
		says: 'DIR/train.jsonl:3: the preference set of baselines.offlineDpo needs at least 2 answers to each training prompt; 1 of 6 prompts have fewer. got ["5"]. Add "answers": ',
	},
	{
		name: "an answer that the tokenizer cannot write",
		code: 1,
		break: replaceLine("train.jsonl", 2, '{"id": "t1", "prompt": "What is 5?", "gold": "5", "answers": ["4", "six"]}'),
		says: `DIR/train.jsonl:2: the policy's tokenizer cannot write the teacher's answer: it comes back as "". got "six"`,
	},
	{
		name: "a gold answer to a held-out prompt that the tokenizer cannot write",
		code: 1,
		break: replaceLine("held-out.jsonl", 4, '{"id": "h3", "prompt": "What is 5?", "gold": "five"}'),
		says: `DIR/held-out.jsonl:4: the policy's tokenizer cannot write the teacher's answer: it comes back as "". got "five"`,
	},
	{
		name: "a prompt that leaves no room for the response",
		code: 1,
		break: replaceLine("validation.jsonl", 2, '{"id": "v1", "prompt": "What is 4 4 4?", "gold": "4"}'),
		says: 'DIR/validation.jsonl:2: a prompt of 5 tokens and a response of sampling.maxTokens = 16 do not fit the model\'s 20 positions. got "What is 4 4 4?". Shorten the prompt, or lower sampling.maxTokens to 15',
	},
	{
		name: "an answer that is longer than the model's context",
		code: 1,
		break: replaceLine(
			"train.jsonl",
			1,
			`{"id": "t0", "prompt": "What is 4?", "gold": "4", "answers": ["4", "${"5 ".repeat(17)}"]}`,
		),
		says: "DIR/train.jsonl:1: a prompt of 3 tokens and an answer of 18 do not fit the model's 20 positions",
	},
	{
		name: "a tokenizer of another model",
		code: 1,
		break: (campaign) => campaign.write("model/config.json", { ...MODEL, vocab_size: 6 }),
		says: "DIR/model/tokenizer.json: the tokenizer's ids do not fit a vocabulary of 6",
	},
	{
		name: "a verifier that verifies nothing",
		code: 1,
		break: (campaign) => campaign.write("verifier.ts", "export const verfy = 1;"),
		says: 'DIR/verifier.ts: the module does not export verify. got ["verfy"]',
	},
	{
		name: "a verifier that throws",
		code: 1,
		break: (campaign) => campaign.write("verifier.mjs", "\nthrow new Error('no data');"),
		args: ["--set", "oracle.module=./verifier.mjs"],
		says: "DIR/verifier.mjs:2: the module throws Error: no data",
	},
	{
		name: "making a policy that the config does not describe",
		code: 2,
		args: ["--from-scratch"],
		says: "the config does not say how to make the initial policy: policy.fromScratch is missing",
	},
	{
		name: "an unknown option",
		code: 2,
		args: ["--quik"],
		says: "dno run: unknown option --quik. Did you mean --quick?",
	},
	{
		name: "an option without its value",
		code: 2,
		args: ["--out", "--quick"],
		says: 'dno run: --out needs a value. got "--quick"',
	},
	{
		name: "a seed that is no number",
		code: 2,
		args: ["--seed", "x"],
		says: "--seed takes a whole number of at least 0",
	},
	{
		name: "setting a key that there is not",
		code: 2,
		args: ["--set", "training.lr=1"],
		says: "--set training.lr=1: unknown key training.lr. training has learningRate, schedule, ",
	},
	{
		name: "setting a key in the wrong group",
		code: 2,
		args: ["--set", "learningRate=1"],
		says: "--set learningRate=1: unknown key learningRate. Did you mean training.learningRate?",
	},
];

describe.concurrent("bad input is one clear error", () => {
	test.for(cases)("$name", async ({ code, args = [], break: damage, says }, { expect, onTestFinished }) => {
		const campaign = makeCampaign(onTestFinished);
		damage?.(campaign);
		const named = args[0] !== undefined && !args[0].startsWith("-");
		const result = await dno(["run", ...(named ? args : [campaign.folder, ...args])], { cwd: campaign.folder });
		const stderr = result.stderr.replaceAll(campaign.folder, "DIR");
		expect(stderr.slice(0, says.length + 7)).toBe(`error: ${says}`);
		expect(result).toMatchObject({ code, stdout: "" });
		expect(stderr).not.toMatch(/^ {4}at /m);
	});
});

describe("a campaign that has begun", () => {
	const begin = async () => {
		const campaign = makeCampaign();
		const loaded = await loadCampaign(campaign.folder, { set: [], quick: false });
		const directory = join(campaign.folder, "runs/tiny");
		mkdirSync(directory, { recursive: true });
		await openCampaign(directory, loaded, false);
		return { campaign, directory };
	};

	test("refuses a config that has changed", async () => {
		const { campaign, directory } = await begin();
		const { code, stderr } = await dno(["run", campaign.folder, "--dry-run", "--set", "sampling.samples=5"], {
			cwd: campaign.folder,
		});
		expect(code).toBe(1);
		expect(stderr).toBe(
			`error: ${directory}: the config has changed since this campaign began: sampling.samples was 4, is 5. ` +
				"Undo the change to go on, or begin a new campaign with --out\n",
		);
	});

	test("refuses data that has changed, and takes the same data with a new date", async () => {
		const { campaign, directory } = await begin();
		const run = () => dno(["run", campaign.folder, "--dry-run"], { cwd: campaign.folder });
		campaign.write("train.jsonl", prompts("train", 6));
		expect(await run()).toMatchObject({ code: 0, stderr: "" });
		campaign.write("train.jsonl", prompts("train", 7));
		const { code, stderr } = await run();
		expect(code).toBe(1);
		expect(stderr).toContain(
			`${directory}: a file has changed since this campaign began: the content of train.jsonl has changed.`,
		);
	});

	test("refuses a second run while one is alive", async () => {
		const { campaign, directory } = await begin();
		writeFileSync(join(directory, "lock.json"), JSON.stringify(ownIdentity()));
		const { code, stderr } = await dno(["run", campaign.folder], { cwd: campaign.folder });
		expect(code).toBe(1);
		expect(stderr).toContain(`${directory}: the campaign is already running, as process ${process.pid}. Wait for it`);
	});
});

describe("errors", () => {
	test("have their stack with --debug", async () => {
		const { code, stderr } = await dno(["run", "nowhere", "--debug"]);
		expect(code).toBe(2);
		expect(stderr).toMatch(/^error: nowhere: no such campaign file or folder\..*\n(.*\n)+ {4}at /);
		expect(stderr).toContain("caused by Error: ENOENT");
	});

	test("say how to mend a module that its package makes a CommonJS one", async () => {
		const campaign = makeCampaign();
		campaign.write("package.json", { type: "commonjs" });
		const { code, stderr } = await dno(["run", campaign.folder]);
		expect(code).toBe(2);
		// Behind a warning of Node's own.
		expect(stderr.replaceAll(campaign.folder, "DIR")).toContain(
			"error: DIR/dno.config.ts:2: syntax error: Unexpected token 'export'. DIR/package.json makes it a CommonJS " +
				'module: set "type": "module" there, or name the file .mts or .mjs\n',
		);
	});

	test("list every problem of a config with its line", async () => {
		const campaign = makeCampaign();
		campaign.write("dno.config.ts", CONFIG.replace("samples: 4", "sample: 4").replace("1e-4", "-1"));
		const { stderr } = await dno(["run", campaign.folder]);
		expect(stderr.replaceAll(campaign.folder, "DIR")).toMatchInlineSnapshot(`
			"error: DIR/dno.config.ts: 3 problems in the campaign's config
			  line 12: sampling.samples is missing. Set it to a number
			  line 13: unknown key sampling.sample. Did you mean sampling.samples?
			  line 18: training.learningRate must be greater than 0. got -1
			"
		`);
	});
});
