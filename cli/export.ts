import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import { DnoError } from "../core/errors.ts";
import { EXPORT_FORMATS, type ExportFormat, exportPolicy } from "../gpu-worker/model/export.ts";
import { readModelConfig } from "../gpu-worker/model/folder.ts";
import { readOrigin } from "../gpu-worker/model/origin.ts";
import { type HubAccess, hubAccess } from "../infra/hub/access.ts";
import { NAMED_MODELS } from "../infra/models/named-models.ts";
import { renderModelCard } from "../report/model-card.ts";
import { type ExportedPolicy, licenseOf, policyToExport } from "./policy-to-export.ts";
import { shortPath } from "./render/event-text.ts";
import { parseStrictly } from "./strict-args.ts";

const EXPORT_ARGS = {
	iteration: { type: "positional", description: "Its number (0: the initial policy), best, or a policy folder" },
	format: { type: "string", valueHint: EXPORT_FORMATS.join("|"), required: true, description: "What is written" },
	campaign: {
		type: "string",
		valueHint: "dir",
		description: "The campaign's folder or config (default: the last run)",
	},
	out: {
		type: "string",
		valueHint: "dir",
		description: "A new folder (default: exports/<campaign>-<policy>-<format>)",
	},
	push: { type: "string", valueHint: "org/name", description: "Push to the hub, as HF_TOKEN, at HF_ENDPOINT" },
	json: { type: "boolean", description: "Print what was written as one line of JSON" },
	debug: { type: "boolean", description: "Print stacks of errors" },
} as const satisfies ArgsDef;

export const exportPolicyCommand = defineCommand({
	meta: { name: "export", description: "Write a policy as a PEFT adapter or a merged model, with a model card" },
	args: EXPORT_ARGS,
	run: ({ rawArgs }) => runExport(rawArgs),
});

/**
 * `dno export`. With `--push` and without `--out` nothing stays on this machine.
 *
 * @returns The exit code.
 * @throws {DnoError} What was asked for cannot be done, or failed.
 */
async function runExport(rawArgs: readonly string[]): Promise<number> {
	const args = parseStrictly("dno export", rawArgs, EXPORT_ARGS);
	const option = (name: string) => args.options.get(name)?.[0];
	const format = parseFormat(option("format"));
	const repo = parseRepo(option("push"));
	const access = repo === undefined ? undefined : hubAccess(process.env);
	const policy = await policyToExport(args.positionals[0]!, option("campaign"));
	const named = option("out");
	const keeps = named !== undefined || repo === undefined;
	const scratch = keeps ? undefined : await mkdtemp(join(tmpdir(), "dno-export-"));
	const out = resolve(scratch === undefined ? (named ?? `exports/${policy.name}-${format}`) : join(scratch, "model"));
	try {
		await refuseToOverwrite(out);
		await write(policy, out, format);
		const files = await filesOf(out);
		const url = access && (await push(out, repo!, access));
		const result = { policy: policy.folder, format, ...(keeps && { folder: out }), ...(url && { url }), files };
		process.stdout.write(args.options.has("json") ? `${JSON.stringify(result)}\n` : summary(result));
		return 0;
	} finally {
		if (scratch !== undefined) await rm(scratch, { recursive: true, force: true });
	}
}

async function write({ folder, name, origin, baseFolder }: ExportedPolicy, out: string, format: ExportFormat) {
	const { id, license } = baseOf(origin?.report.config.policy.source);
	const converted = readOrigin(baseFolder);
	const card = renderModelCard({
		title: name,
		format,
		origin,
		baseModel: id,
		rounded: converted?.roundedTo === undefined ? undefined : { to: converted.roundedTo, by: converted.source },
		license: (await licenseOf(baseFolder)) ?? converted?.license ?? license,
	});
	// An adapter to rounded weights does not belong to those on the hub.
	const baseModel = converted?.roundedTo === undefined ? id : undefined;
	await exportPolicy(folder, out, { format, card, baseModel, dtype: readModelConfig(baseFolder).dtype });
}

/** The hub's library is loaded only where it is used. */
async function push(folder: string, repo: string, access: HubAccess): Promise<string> {
	const { pushFolder } = await import("../infra/hub/push-folder.ts");
	return await pushFolder(folder, repo, access);
}

/** The hub's name of what `policy.source` names, `hf:org/name` or a model that is known by its name, whose licence is too. */
function baseOf(source: string | undefined): { readonly id?: string; readonly license?: string } {
	if (source?.startsWith("hf:")) return { id: source.slice("hf:".length) };
	if (source === undefined || !Object.hasOwn(NAMED_MODELS, source)) return {};
	const { repository, license } = NAMED_MODELS[source]!;
	return { id: repository, license };
}

function parseFormat(text: string | undefined): ExportFormat {
	const format = EXPORT_FORMATS.find((each) => each === text);
	if (format !== undefined) return format;
	const what = text === undefined ? "--format is missing" : "--format is none of the formats";
	const mend = `Choose ${EXPORT_FORMATS.join(", ")}`;
	throw new DnoError({ what, where: "dno export", ...(text !== undefined && { got: text }), mend, kind: "usage" });
}

function parseRepo(text: string | undefined): string | undefined {
	if (text === undefined || /^[\w.-]+\/[\w.-]+$/.test(text)) return text;
	throw new DnoError({ what: "--push takes org/name", where: "dno export", got: text, kind: "usage" });
}

async function refuseToOverwrite(out: string): Promise<void> {
	if ((await stat(out).catch(() => undefined)) === undefined) return;
	const mend = "Choose another folder with --out, or delete this one first";
	throw new DnoError({ what: "there is something already", where: out, mend, kind: "usage" });
}

async function filesOf(folder: string) {
	const names = (await readdir(folder)).toSorted();
	return await Promise.all(names.map(async (name) => ({ name, bytes: (await stat(join(folder, name))).size })));
}

function summary(result: { readonly format: string; readonly folder?: string; readonly url?: string }): string {
	const { format, folder, url } = result;
	const lines = [
		...(folder === undefined ? [] : [`The ${format} export is in ${shortPath(folder)}`]),
		...(url === undefined ? [] : [`Pushed to ${url}`]),
		...(format === "gguf-input" && folder !== undefined
			? [`Next, with llama.cpp: python convert_hf_to_gguf.py ${shortPath(folder)} --outfile model.gguf`]
			: []),
	];
	return `${lines.join("\n")}\n`;
}
