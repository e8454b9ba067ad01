import { isAbsolute, relative, resolve } from "node:path";
import type { CampaignConfig } from "../../core/config.ts";
import type { OracleConfig } from "../../core/oracle-config.ts";

/** A config with every path in it mapped. */
function mapPaths(config: CampaignConfig, map: (path: string) => string): CampaignConfig {
	const { policy, prompts, oracle } = config;
	const { fromScratch } = policy;
	return {
		...config,
		policy: {
			...policy,
			model: map(policy.model),
			...(fromScratch && {
				fromScratch: {
					...fromScratch,
					tokenizer: map(fromScratch.tokenizer),
					demonstrations: map(fromScratch.demonstrations),
				},
			}),
		},
		prompts: {
			...prompts,
			train: map(prompts.train),
			validation: map(prompts.validation),
			heldOut: map(prompts.heldOut),
		},
		oracle: mapOraclePaths(oracle, map),
	};
}

/** An oracle's config with every path in it mapped. */
export function mapOraclePaths(oracle: OracleConfig, map: (path: string) => string): OracleConfig {
	const withRubric = <T extends { readonly rubric?: string | undefined }>(judge: T): T =>
		judge.rubric === undefined ? judge : { ...judge, rubric: map(judge.rubric) };
	switch (oracle.kind) {
		case "verifier":
			return { ...oracle, module: map(oracle.module) };
		case "matrix":
			return { ...oracle, game: map(oracle.game) };
		case "panel":
			return { ...oracle, judges: oracle.judges.map(withRubric) };
		default:
			return withRubric(oracle);
	}
}

/** A config's paths are relative to its file; everything behind the command line works with absolute ones. */
export function absolutePaths(config: CampaignConfig, folder: string): CampaignConfig {
	return mapPaths(config, (path) => resolve(folder, path));
}

/** The inverse, so that what is kept of a config stays true when the clone is moved. */
export function relativePaths(config: CampaignConfig, folder: string): CampaignConfig {
	return mapPaths(config, (path) => relativePath(path, folder));
}

/** A path as it is written beside `folder`, with forward slashes. */
export function relativePath(path: string, folder: string): string {
	return (isAbsolute(path) ? relative(folder, path) : path).replaceAll("\\", "/");
}
