import type { Graph, Value } from "../graph/graph.ts";
import * as op from "../graph/ops.ts";

/** A scalar loss and what else a step reports. */
export interface LossValue {
	readonly loss: Value;
	readonly outputs: Readonly<Record<string, Value>>;
}

/** `sftLoss` of core/losses.ts. */
export function sft(tokenLogProbabilities: Value): LossValue {
	return { loss: op.neg(op.reduceMean(tokenLogProbabilities)), outputs: {} };
}

/**
 * `dpoLoss` of core/losses.ts, plus `nllWeight` times the mean negative log-likelihood of all chosen tokens of the batch.
 *
 * Inputs: `chosen` and `rejected` [P, R], 1 where target r belongs to the pair's response, else 0 · `referenceChosen`
 * and `referenceRejected` [P], log π_ref of the responses. Output: `margins` [P], β·(d_w − d_l).
 */
export function dpo(graph: Graph, tokenLogProbabilities: Value, beta: number, nllWeight: number): LossValue {
	const chosen = graph.input("chosen", "float32", ["P", "R"]);
	const rejected = graph.input("rejected", "float32", ["P", "R"]);
	const chosenSum = sumRows(chosen, tokenLogProbabilities);
	const chosenGain = op.sub(chosenSum, graph.input("referenceChosen", "float32", ["P"]));
	const rejectedSum = sumRows(rejected, tokenLogProbabilities);
	const rejectedGain = op.sub(rejectedSum, graph.input("referenceRejected", "float32", ["P"]));
	const margins = op.mul(op.sub(chosenGain, rejectedGain), beta);
	const preference = op.reduceMean(op.softplus(op.neg(margins)));
	if (nllWeight === 0) return { loss: preference, outputs: { margins } };
	const nll = op.neg(op.div(op.reduceSum(chosenSum), op.reduceSum(chosen)));
	return { loss: op.add(preference, op.mul(nll, nllWeight)), outputs: { margins } };
}

/**
 * `ktoLoss` of core/losses.ts, plus `nllWeight` times the mean negative log-likelihood of all desirable tokens of the
 * batch, the same term that {@link dpo} adds for its chosen ones.
 *
 * Inputs: `responses` [P, R], 1 where target r belongs to the response · `reference` [P], log π_ref · `signs` [P], 1 for
 * desirable and −1 for undesirable · `weights` [P], λ_D or λ_U · `referencePoint` [], z₀ ·
 * with an NLL term `nllShares` [P], 1 / number of desirable tokens in the batch for desirable responses, else 0.
 */
export function kto(graph: Graph, tokenLogProbabilities: Value, beta: number, nllWeight: number): LossValue {
	const sums = sumRows(graph.input("responses", "float32", ["P", "R"]), tokenLogProbabilities);
	const gain = op.sub(sums, graph.input("reference", "float32", ["P"]));
	const centred = op.sub(gain, graph.input("referencePoint", "float32", []));
	const signs = graph.input("signs", "float32", ["P"]);
	const value = op.sigmoid(op.mul(op.mul(centred, signs), beta));
	const shortfall = op.sub(graph.scalar(1), value);
	const preference = op.reduceMean(op.mul(shortfall, graph.input("weights", "float32", ["P"])));
	if (nllWeight === 0) return { loss: preference, outputs: {} };
	const nll = op.neg(op.reduceSum(op.mul(sums, graph.input("nllShares", "float32", ["P"]))));
	return { loss: op.add(preference, op.mul(nll, nllWeight)), outputs: {} };
}

/** Sums the token log-probabilities [R] of each row of a 0/1 matrix [P, R] → [P]. */
function sumRows(members: Value, tokenLogProbabilities: Value): Value {
	const column = op.reshape(tokenLogProbabilities, ["R", 1]);
	return op.reshape(op.matmul(members, column), ["P"]);
}
