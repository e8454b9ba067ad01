import type { PairLoss } from "../../core/losses.ts";
import type { Graph, Value } from "../graph/graph.ts";
import * as op from "../graph/ops.ts";

/*
 * Each loss is a micro-batch's share of the loss of the whole batch: the means of core/losses.ts are sums here, divided
 * by the numbers of the batch, which are inputs.
 */

/** A scalar loss and what else a step reports. */
export interface LossValue {
	readonly loss: Value;
	readonly outputs: Readonly<Record<string, Value>>;
}

/** `sftLoss` of core/losses.ts. Input: `tokenShare` [], 1 / response tokens of the batch. */
export function sft(graph: Graph, tokenLogProbabilities: Value): LossValue {
	const share = graph.input("tokenShare", "float32", []);
	return { loss: op.neg(op.mul(op.reduceSum(tokenLogProbabilities), share)), outputs: {} };
}

/**
 * `dpoLoss`, `dnoSoftLoss`, `ipoLoss` or `sppoLoss` of core/losses.ts, plus the mean negative log-likelihood of all chosen
 * tokens of the batch where `nllWeight` is above 0.
 *
 * Inputs: `chosen` and `rejected` [P, R], 1 where target r belongs to the pair's response, else 0 · `referenceChosen`
 * and `referenceRejected` [P], log π_ref of the responses · `share` [], 1 / pairs of the batch · DNO soft: `preferences`
 * [P], σ(r_w − r_l) · SPPO: `chosenTargets` and `rejectedTargets` [P], (r̂ − ½)/β · with an NLL term `nllShare` [],
 * nllWeight / chosen tokens of the batch. Outputs: `chosenSums` and `rejectedSums` [P], log π of the responses.
 */
export function pairwise(
	graph: Graph,
	tokenLogProbabilities: Value,
	kind: PairLoss,
	{ beta, nllWeight }: { readonly beta: number; readonly nllWeight: number },
): LossValue {
	const perPair = (name: string) => graph.input(name, "float32", ["P"]);
	const side = (name: string) => sumRows(graph.input(name, "float32", ["P", "R"]), tokenLogProbabilities);
	const [chosenSums, rejectedSums] = [side("chosen"), side("rejected")];
	const chosenGain = op.sub(chosenSums, perPair("referenceChosen"));
	const rejectedGain = op.sub(rejectedSums, perPair("referenceRejected"));
	const square = (x: Value) => op.mul(x, x);
	const lossesOf = {
		dpo: () => op.softplus(op.neg(op.mul(op.sub(chosenGain, rejectedGain), beta))),
		"dno-soft": () => {
			const margins = op.mul(op.sub(chosenGain, rejectedGain), beta);
			const preferences = perPair("preferences");
			const against = op.mul(op.softplus(margins), op.sub(graph.scalar(1), preferences));
			return op.add(op.mul(op.softplus(op.neg(margins)), preferences), against);
		},
		ipo: () => square(op.sub(op.sub(chosenGain, rejectedGain), 1 / (2 * beta))),
		sppo: () => {
			const off = op.sub(chosenGain, perPair("chosenTargets"));
			return op.mul(op.add(square(off), square(op.sub(rejectedGain, perPair("rejectedTargets")))), 0.5);
		},
	};
	const preference = op.mul(op.reduceSum(lossesOf[kind]()), graph.input("share", "float32", []));
	const outputs = { chosenSums, rejectedSums };
	if (nllWeight === 0) return { loss: preference, outputs };
	const nll = op.neg(op.mul(op.reduceSum(chosenSums), graph.input("nllShare", "float32", [])));
	return { loss: op.add(preference, nll), outputs };
}

/**
 * `ktoLoss` of core/losses.ts, plus the mean negative log-likelihood of all desirable tokens of the batch where
 * `nllWeight` is above 0, the same term that {@link pairwise} adds for its chosen ones.
 *
 * Inputs: `responses` [P, R], 1 where target r belongs to the response · `reference` [P], log π_ref · `signs` [P], 1 for
 * desirable and −1 for undesirable · `weights` [P], λ_D or λ_U · `referencePoint` [], z₀ · `share` [], 1 / examples of
 * the batch · with an NLL term `nllShares` [P], 1 / number of desirable tokens in the batch for desirable responses,
 * else 0.
 */
export function kto(graph: Graph, tokenLogProbabilities: Value, beta: number, nllWeight: number): LossValue {
	const sums = sumRows(graph.input("responses", "float32", ["P", "R"]), tokenLogProbabilities);
	const gain = op.sub(sums, graph.input("reference", "float32", ["P"]));
	const centred = op.sub(gain, graph.input("referencePoint", "float32", []));
	const signs = graph.input("signs", "float32", ["P"]);
	const value = op.sigmoid(op.mul(op.mul(centred, signs), beta));
	const shortfall = op.mul(op.sub(graph.scalar(1), value), graph.input("weights", "float32", ["P"]));
	const preference = op.mul(op.reduceSum(shortfall), graph.input("share", "float32", []));
	if (nllWeight === 0) return { loss: preference, outputs: { sums } };
	const nll = op.neg(op.reduceSum(op.mul(sums, graph.input("nllShares", "float32", ["P"]))));
	return { loss: op.add(preference, op.mul(nll, nllWeight)), outputs: { sums } };
}

/** Sums the token log-probabilities [R] of each row of a 0/1 matrix [P, R] → [P]. */
function sumRows(members: Value, tokenLogProbabilities: Value): Value {
	const column = op.reshape(tokenLogProbabilities, ["R", 1]);
	return op.reshape(op.matmul(members, column), ["P"]);
}
