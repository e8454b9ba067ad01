import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { importDemonstrations } from "../activities/user-modules.ts";
import type { CampaignConfig } from "../core/config.ts";
import { DnoError } from "../core/errors.ts";
import { hashSeed } from "../core/random.ts";
import { breathe } from "./breathe.ts";
import type { Engine, RunOptions, TrainingResult } from "./engine.ts";
import { openTokenizer } from "./formats/tokenizer.ts";
import { parseLlamaConfig } from "./model/config.ts";
import { readModelConfig } from "./model/folder.ts";
import { createRandomModel } from "./model/init.ts";

type FromScratch = NonNullable<CampaignConfig["policy"]["fromScratch"]>;

const demonstrations = z.array(z.object({ prompt: z.string().min(1), response: z.string().min(1) })).min(1);

/** Demonstrations encoded between two chances to send a heartbeat. */
const DEMONSTRATIONS_PER_BREATH = 256;

/** Special tokens by their usual names. */
const SPECIAL_TOKENS = { eos_token_id: "</s>", pad_token_id: "<pad>" } as const;

/**
 * Makes an initial policy: random weights of the config's architecture, then SFT on its demonstrations.
 *
 * @param job `folder` is where the config's relative paths begin; `outDir` becomes a Hugging Face folder; `work` holds
 * checkpoints, so that a call that was killed goes on
 * @throws DnoError when the demonstrations module or the tokenizer cannot be used
 */
export async function pretrain(
	engine: Engine,
	{ architecture, training, ...paths }: FromScratch,
	job: { readonly seed: number; readonly folder: string; readonly outDir: string; readonly work: string },
	options: RunOptions = {},
): Promise<TrainingResult> {
	const tokenizerFile = resolve(job.folder, paths.tokenizer);
	const tokenizer = openTokenizer(tokenizerFile);
	const specialIds = Object.fromEntries(
		Object.entries(SPECIAL_TOKENS).map(([key, token]) => {
			const id = tokenizer.tokenId(token);
			if (id !== undefined) return [key, id];
			throw new DnoError({
				what: `the tokenizer has no token ${token}`,
				where: tokenizerFile,
				mend: "Add it to its vocabulary",
			});
		}),
	);
	const config = parseLlamaConfig(
		{ architectures: ["LlamaForCausalLM"], vocab_size: tokenizer.vocabSize, ...specialIds, ...architecture },
		"policy.fromScratch.architecture",
	);
	const modelDir = join(job.work, "random");
	await createRandomModel({ config, tokenizerFile, seed: hashSeed(job.seed, "random-weights"), outDir: modelDir });
	const endOfSequence = readModelConfig(modelDir).eosTokenIds[0]!;
	const examples: { prompt: number[]; response: number[] }[] = [];
	for (const { prompt, response } of await loadDemonstrations(resolve(job.folder, paths.demonstrations), job.seed)) {
		if (examples.length % DEMONSTRATIONS_PER_BREATH === 0) await breathe(options.signal);
		examples.push({ prompt: tokenizer.encode(prompt), response: [...tokenizer.encode(response), endOfSequence] });
	}
	const result = await engine
		.openTrainer()
		.train(
			{ modelDir, referenceDir: modelDir, outDir: job.outDir, checkpointDir: join(job.work, "checkpoints") },
			{ loss: "sft", examples },
			{ ...training, seed: hashSeed(job.seed, "pretrain") },
			options,
		);
	await rm(modelDir, { recursive: true, force: true });
	return result;
}

async function loadDemonstrations(path: string, seed: number): Promise<z.infer<typeof demonstrations>> {
	const demonstrate = await importDemonstrations(path);
	const made = demonstrations.safeParse(await demonstrate(seed));
	if (made.success) return made.data;
	throw new DnoError({ what: `not a list of {prompt, response}: ${z.prettifyError(made.error)}`, where: path });
}
