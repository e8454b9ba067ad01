import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import {
	isProgram,
	judgeName,
	modelJudges,
	type OracleConfig,
	oracleConfig,
	type ProgramConfig,
} from "../../core/oracle-config.ts";
import type { ArtifactRef } from "../../core/records.ts";
import { keepRecentlyUsed } from "../recently-used.ts";
import type { Store } from "../store/store.ts";
import { withAutomaticNegatives } from "./automatic-negatives.ts";
import { loadMatrix } from "./judges/matrix.ts";
import { createModelOracle, type ModelOracle } from "./judges/model-oracle.ts";
import type { Oracle } from "./oracle.ts";
import { readRubric } from "./read-rubric.ts";
import { loadVerifier } from "./verifier.ts";

export interface OpenedOracle {
	readonly config: OracleConfig;
	/** One of the two. */
	readonly program?: Oracle;
	readonly judge?: ModelOracle;
}

/** Opened oracles that are kept, each with what its files held: a worker is asked for the same few again and again. */
const KEPT = 4;

const keepOpened = keepRecentlyUsed<OpenedOracle>(KEPT);

/**
 * Opens the oracle whose config an artifact holds; the paths in it begin at `folder`. What its files hold is what they hold now.
 *
 * @throws DnoError when a module, rubric or game cannot be read
 */
export async function openOracle(
	{ store, folder }: { readonly store: Store; readonly folder: string },
	ref: ArtifactRef,
): Promise<OpenedOracle> {
	const config = await readOracleConfig(store, ref);
	const files = await hashFiles(config, folder);
	return keepOpened(JSON.stringify([folder, ref.sha256, files]), () => openAnew(config, folder));
}

/** sha256 of each file that an oracle reads; nothing of one that is missing, which opening it will tell of. */
function hashFiles(config: OracleConfig, folder: string): Promise<readonly string[]> {
	const files = isProgram(config)
		? [config.kind === "verifier" ? config.module : config.game]
		: modelJudges(config).flatMap(({ rubric }) => rubric ?? []);
	return Promise.all(files.map((file) => hashFile(resolve(folder, file))));
}

const keepHash = keepRecentlyUsed<string>(2 * KEPT);

const NO_FILE = { dev: 0n, ino: 0n, size: 0n, mtimeNs: 0n };

/** Asked before every judgment: a file is read again only when it is another one, or has been written to. */
async function hashFile(path: string): Promise<string> {
	const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true }).catch(() => NO_FILE);
	return keepHash([path, dev, ino, size, mtimeNs].join(), async () => {
		const content = await readFile(path).catch(() => "");
		return createHash("sha256").update(content).digest("hex");
	});
}

async function openAnew(config: OracleConfig, folder: string): Promise<OpenedOracle> {
	if (isProgram(config)) return { config, program: withAutomaticNegatives(await openProgram(config, folder)) };
	return { config, judge: await openModelOracle(config, folder) };
}

/**
 * Everything beside prompt and candidates that determines an oracle's verdicts, the content of its files included.
 *
 * @throws DnoError like {@link openOracle}
 */
export async function oracleFingerprint(config: OracleConfig, folder: string): Promise<string> {
	return (await (isProgram(config) ? openProgram(config, folder) : openModelOracle(config, folder))).fingerprint;
}

/**
 * An oracle that asks models, with the rubrics of its judges; their paths begin at `folder`.
 *
 * @throws DnoError when a rubric cannot be read
 */
export async function openModelOracle(
	config: Exclude<OracleConfig, ProgramConfig>,
	folder: string,
): Promise<ModelOracle> {
	const rubrics = await Promise.all(
		modelJudges(config).map(async (judge): Promise<[string, string]> => {
			const file = judge.rubric === undefined ? undefined : resolve(folder, judge.rubric);
			return [judgeName(judge), await readRubric(judge.kind, file)];
		}),
	);
	return createModelOracle(config, new Map(rubrics));
}

function openProgram(config: ProgramConfig, folder: string): Promise<Oracle> {
	return config.kind === "verifier"
		? loadVerifier(resolve(folder, config.module))
		: loadMatrix(resolve(folder, config.game));
}

const keepConfig = keepRecentlyUsed<OracleConfig>(KEPT);

/** The oracle's config that an artifact holds; read for every call, so the last few are kept. */
export function readOracleConfig(store: Store, ref: ArtifactRef): Promise<OracleConfig> {
	return keepConfig(ref.sha256, async () =>
		oracleConfig.parse(JSON.parse(new TextDecoder().decode(await store.get(ref)))),
	);
}
