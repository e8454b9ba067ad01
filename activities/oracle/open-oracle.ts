import { resolve } from "node:path";
import { isProgram, type OracleConfig, oracleConfig, type ProgramConfig } from "../../core/oracle-config.ts";
import type { ArtifactRef } from "../../core/records.ts";
import type { Store } from "../store/store.ts";
import { withAutomaticNegatives } from "./automatic-negatives.ts";
import type { ModelJudge } from "./judges/judge.ts";
import { loadMatrix } from "./judges/matrix.ts";
import { createModelOracle } from "./judges/model-oracle.ts";
import type { Oracle } from "./oracle.ts";
import { loadVerifier } from "./verifier.ts";

export interface OpenedOracle {
	readonly config: OracleConfig;
	/** One of the two. */
	readonly program?: Oracle;
	readonly judge?: ModelJudge;
}

/** Opened oracles that are kept: a worker is asked for the same few again and again. */
const KEPT = 4;

const opened = new Map<string, Promise<OpenedOracle>>();

/**
 * Opens the oracle whose config an artifact holds; the paths in it begin at `folder`.
 *
 * @throws DnoError when a module, rubric or game cannot be read
 */
export function openOracle(
	{ store, folder }: { readonly store: Store; readonly folder: string },
	ref: ArtifactRef,
): Promise<OpenedOracle> {
	const key = `${folder} ${ref.sha256}`;
	const found = opened.get(key) ?? readOracle(store, folder, ref);
	opened.delete(key);
	opened.set(key, found);
	found.catch(() => opened.delete(key));
	if (opened.size > KEPT) opened.delete(opened.keys().next().value!);
	return found;
}

async function readOracle(store: Store, folder: string, ref: ArtifactRef): Promise<OpenedOracle> {
	const config = oracleConfig.parse(JSON.parse(new TextDecoder().decode(await store.get(ref))));
	if (isProgram(config)) return { config, program: withAutomaticNegatives(await openProgram(config, folder)) };
	return { config, judge: await createModelOracle(config, folder) };
}

function openProgram(config: ProgramConfig, folder: string): Promise<Oracle> {
	return config.kind === "verifier"
		? loadVerifier(resolve(folder, config.module))
		: loadMatrix(resolve(folder, config.game));
}
