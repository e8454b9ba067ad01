import { stringify } from "yaml";
import { LINES, type LineKey } from "../core/events.ts";
import type { Report, ReportPoint } from "../core/report.ts";
import { count, interval, percent } from "./format.ts";

/** What a model card is made from. */
export interface ModelCard {
	readonly title: string;
	readonly format: "peft" | "merged" | "gguf-input";
	/** The line and iteration of the campaign; absent for a folder that no campaign is known of. */
	readonly origin: { readonly report: Report; readonly line: LineKey; readonly iteration: number } | undefined;
	/** Hub id. */
	readonly baseModel: string | undefined;
	/** What the base model's weights went through before anything was trained, and in which file or package. */
	readonly rounded: { readonly to: string; readonly by: string } | undefined;
	/** The base model's, by the hub's identifiers, e.g. `apache-2.0`. */
	readonly license: string | undefined;
}

/** A model card as the hub reads it: YAML front matter, then Markdown. */
export function renderModelCard(card: ModelCard): string {
	const { title, format, baseModel, license, origin } = card;
	const meta = {
		...(license !== undefined && { license }),
		...(baseModel !== undefined && {
			base_model: baseModel,
			base_model_relation: format === "peft" ? "adapter" : "finetune",
		}),
		library_name: format === "peft" ? "peft" : "transformers",
		pipeline_tag: "text-generation",
		tags: ["dno", "direct-nash-optimization", ...(format === "peft" ? ["lora"] : [])],
	};
	const sections = [
		`# ${title}`,
		introduction(card),
		...(origin === undefined ? [] : [winRates(origin), training(origin)]),
		usage(card),
	];
	return `---\n${stringify(meta)}---\n\n${sections.join("\n\n")}\n`;
}

function introduction({ format, baseModel, rounded, origin }: ModelCard): string {
	const name = baseModel === undefined ? "its base model" : `[${baseModel}](https://huggingface.co/${baseModel})`;
	const base = rounded === undefined ? name : `${name} as it is in ${rounded.by}, its weights rounded to ${rounded.to}`;
	const kind = format === "peft" ? `A LoRA adapter for ${base}` : `A model made from ${base}`;
	if (origin === undefined) return `${kind}, exported by \`dno\`.`;
	const { report, line, iteration } = origin;
	if (iteration === 0) return `The initial policy of the campaign ${report.campaign.name}.`;
	const how =
		line === "dno"
			? "[Direct Nash Optimization](https://arxiv.org/abs/2404.03715)"
			: `the baseline ${LINES[line]} of a Direct Nash Optimization campaign`;
	return `${kind}, trained by ${how}: iteration ${iteration} of the campaign ${report.campaign.name}.`;
}

/** DNO's iterations up to this one, and every other line at this one. */
function winRates({ report, line, iteration }: NonNullable<ModelCard["origin"]>): string {
	const rows = report.lines.flatMap(({ name, points }) =>
		points
			.filter((point) =>
				name === LINES.dno ? point.iteration <= iteration : point.iteration === iteration && iteration > 0,
			)
			.map((point) =>
				row(name, point, name === LINES[iteration === 0 ? "dno" : line] && point.iteration === iteration),
			),
	);
	const n = report.lines[0]?.points[0]?.n ?? 0;
	return [
		"## Win rates",
		"",
		`On ${count(n)} held-out prompts, with 95 % intervals over prompts; ties count half.`,
		"",
		"| policy | win rate against the teacher | win rate against the initial policy | accuracy |",
		"| --- | --- | --- | --- |",
		...rows,
	].join("\n");
}

function row(name: string, point: ReportPoint, isThis: boolean): string {
	const policy = point.iteration === 0 ? "initial policy" : `${name}, iteration ${point.iteration}`;
	const { winRate, low, high, winRateAgainstInitial, accuracy } = point;
	const initial = `${percent(winRateAgainstInitial)} (${interval(point.winRateAgainstInitialLow, point.winRateAgainstInitialHigh)})`;
	const cells = [
		isThis ? `**${policy}** (this one)` : policy,
		`${percent(winRate)} (${interval(low, high)})`,
		initial,
		accuracy === undefined ? "–" : percent(accuracy),
	];
	return `| ${cells.join(" | ")} |`;
}

function training({ report, line, iteration }: NonNullable<ModelCard["origin"]>): string {
	const { config, campaign, iterations } = report;
	const done = iterations.filter((each) => each.iteration <= iteration);
	const prompts = done.length * config.prompts.perIteration;
	const pairs = done.reduce(
		(total, { pairs: p }) => total + p.teacherOverStudent + p.studentOverTeacher + p.studentOverStudent,
		0,
	);
	const { quick: _, policy: __, ...settings } = config;
	return [
		"## Data and training",
		"",
		line === "dno"
			? `${count(prompts)} prompts of \`${config.prompts.train}\`, ${config.sampling.samples} samples of the policy each beside the teacher's answer; ${count(pairs)} preference pairs, judged by a ${config.oracle.kind}. Engine: ${campaign.engine}. Seed: ${campaign.seeds.join(", ")}.`
			: `Prompts of \`${config.prompts.train}\`. Engine: ${campaign.engine}. Seed: ${campaign.seeds.join(", ")}.`,
		"",
		"<details><summary>The campaign's config</summary>",
		"",
		"```yaml",
		stringify(settings).trimEnd(),
		"```",
		"",
		"</details>",
	].join("\n");
}

function usage({ format, baseModel, rounded, origin }: ModelCard): string {
	const base = baseModel === undefined || rounded !== undefined ? "BASE_MODEL" : baseModel;
	const iteration0 = origin === undefined ? "" : ", which `dno export 0 --format merged` writes";
	const code = {
		peft: [
			"```python",
			"from peft import PeftModel",
			"from transformers import AutoModelForCausalLM, AutoTokenizer",
			"",
			`model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("${base}"), "THIS_FOLDER")`,
			'tokenizer = AutoTokenizer.from_pretrained("THIS_FOLDER")',
			"```",
			...(rounded === undefined
				? []
				: ["", `BASE_MODEL is the rounded model${iteration0}; on other weights the adapter answers differently.`]),
		],
		merged: [
			"```python",
			"from transformers import AutoModelForCausalLM, AutoTokenizer",
			"",
			'model = AutoModelForCausalLM.from_pretrained("THIS_FOLDER")',
			'tokenizer = AutoTokenizer.from_pretrained("THIS_FOLDER")',
			"```",
		],
		"gguf-input": [
			"With a clone of llama.cpp:",
			"",
			"```sh",
			"python convert_hf_to_gguf.py THIS_FOLDER --outfile model.gguf --outtype auto",
			"```",
		],
	}[format];
	return ["## Use", "", ...code].join("\n");
}
