import { judgeName, modelJudges, oracleConfig } from "../../core/oracle-config.ts";
import { createModelOracle, type ModelOracle } from "../oracle/judges/model-oracle.ts";

/** The model oracle of a config as a user writes it; `m` is the model where it names none. */
export function openOracle(input: object, rubric = "Be fair."): ModelOracle {
	const config = oracleConfig.parse({ ...("judges" in input ? {} : { model: "m" }), ...input });
	if (config.kind === "verifier" || config.kind === "matrix") throw new TypeError("a program is no model oracle");
	return createModelOracle(config, new Map(modelJudges(config).map((judge) => [judgeName(judge), rubric])));
}
