import { loadMatrix } from "../activities/oracle/judges/matrix.ts";
import { loadVerifier } from "../activities/oracle/verifier.ts";
import { DnoError } from "../core/errors.ts";
import { isProgram, judgeName, modelJudges, type OracleConfig } from "../core/oracle-config.ts";
import { checkFile } from "./check-file.ts";

/**
 * Checks what an oracle reads, before anything is started.
 *
 * @param oracle With absolute paths.
 * @throws {DnoError} A file is missing or does not do, a key is not in the environment, or a budget has no prices.
 */
export async function checkOracle(oracle: OracleConfig): Promise<void> {
	if (isProgram(oracle)) {
		if (oracle.kind === "matrix") {
			await checkFile(oracle.game, "the game");
			await loadMatrix(oracle.game);
			return;
		}
		await checkFile(oracle.module, "the module");
		await loadVerifier(oracle.module);
		return;
	}
	for (const judge of modelJudges(oracle)) {
		if (oracle.budget !== undefined && judge.price === undefined)
			throw new DnoError({
				what: "a budget never ends what costs nothing: the judge has no price",
				where: `judge ${judgeName(judge)}`,
				mend: "Give it a price { input, output } in US dollars per million tokens, or take the budget out",
				kind: "usage",
			});
		if (judge.rubric !== undefined) await checkFile(judge.rubric, "the rubric");
		const { apiKeyEnv } = judge;
		if (apiKeyEnv === undefined || process.env[apiKeyEnv]) continue;
		// Its name is not shown: it may be a key that happens to look like one.
		throw new DnoError({
			what: "the environment has no variable of the name that apiKeyEnv gives",
			where: `judge ${judgeName(judge)}`,
			mend: "Set the variable to the key and run the command again; without a key leave apiKeyEnv out",
		});
	}
}
