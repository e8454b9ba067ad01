import { mean } from "./statistics.ts";

/**
 * Reference maths of the training losses, in double precision; every engine is tested against these functions.
 * Log-probabilities are sums over a response's tokens, in nats; d = log π(y|x) − log π_ref(y|x).
 */

/** What pairs of responses can be trained with: Eq. 13, Eq. 8, and two losses of others by TRL's names. */
export const PAIR_LOSSES = ["dpo", "dno-soft", "ipo", "sppo"] as const;
export type PairLoss = (typeof PAIR_LOSSES)[number];

/** log(1 + eˣ) without overflow. */
export function softplus(x: number): number {
	return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** The logistic function without overflow. */
export function sigmoid(x: number): number {
	return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/** Mean negative log-likelihood over the tokens of all responses: −Σ log π / number of tokens. */
export function sftLoss(tokenLogProbabilities: readonly number[]): number {
	return -mean(tokenLogProbabilities);
}

/** One pair as the DPO loss sees it. */
export interface PairLogProbabilities {
	readonly chosen: number;
	readonly rejected: number;
	readonly referenceChosen: number;
	readonly referenceRejected: number;
}

/** β·(d_w − d_l), the argument of σ in Eq. 13. */
export function rewardMargin(pair: PairLogProbabilities, beta: number): number {
	return beta * (pair.chosen - pair.referenceChosen - (pair.rejected - pair.referenceRejected));
}

/** DPO, which is DNO-Prct's step when the reference is π_t: mean of −log σ(β(d_w − d_l)) (arXiv 2404.03715, Eq. 13). */
export function dpoLoss(pairs: readonly PairLogProbabilities[], beta: number): number {
	return mean(pairs.map((pair) => softplus(-rewardMargin(pair, beta))));
}

/** A pair with the win rates r̂ of both responses against the policy's own samples, in [0, 1] (Eq. 3). */
export interface RatedPair extends PairLogProbabilities {
	readonly chosenWinRate: number;
	readonly rejectedWinRate: number;
}

/**
 * DNO's regression of Eq. 8 (arXiv 2404.03715), η written as β: mean of −[σ(r_w − r_l)·log σ(m) + σ(r_l − r_w)·log σ(−m)]
 * with m = β(d_w − d_l). Its minimum is where m = r_w − r_l.
 */
export function dnoSoftLoss(pairs: readonly RatedPair[], beta: number): number {
	return mean(
		pairs.map((pair) => {
			const preference = sigmoid(pair.chosenWinRate - pair.rejectedWinRate);
			const margin = rewardMargin(pair, beta);
			return preference * softplus(-margin) + (1 - preference) * softplus(margin);
		}),
	);
}

/** IPO (Azar et al., arXiv 2310.12036, Eq. 17): mean of (d_w − d_l − 1/(2β))², with sums over tokens. */
export function ipoLoss(pairs: readonly PairLogProbabilities[], beta: number): number {
	return mean(pairs.map((pair) => (rewardMargin(pair, 1) - 1 / (2 * beta)) ** 2));
}

/**
 * SPPO (Wu et al., arXiv 2405.00675, the square loss of Algorithm 1 with 1/β for η, log Z as η/2) on both responses of a pair: mean of
 * ½[(d_w − (r_w − ½)/β)² + (d_l − (r_l − ½)/β)²].
 */
export function sppoLoss(pairs: readonly RatedPair[], beta: number): number {
	return mean(
		pairs.map((pair) => {
			const chosen = pair.chosen - pair.referenceChosen - (pair.chosenWinRate - 0.5) / beta;
			const rejected = pair.rejected - pair.referenceRejected - (pair.rejectedWinRate - 0.5) / beta;
			return (chosen ** 2 + rejected ** 2) / 2;
		}),
	);
}

/** One judged response as the KTO loss sees it. */
export interface JudgedLogProbability {
	readonly policy: number;
	readonly reference: number;
	readonly desirable: boolean;
}

/** KTO's settings: β and the weights λ_D and λ_U. */
export interface KtoSettings {
	readonly beta: number;
	readonly desirableWeight: number;
	readonly undesirableWeight: number;
}

/**
 * KTO (Ethayarajh et al., arXiv 2402.01306, Eq. 8): mean of λ_y − v with v = λ_D·σ(β(d − z₀)) for desirable and
 * λ_U·σ(β(z₀ − d)) for undesirable responses. z₀ is a constant to differentiation.
 */
export function ktoLoss(examples: readonly JudgedLogProbability[], z0: number, settings: KtoSettings): number {
	return mean(
		examples.map(({ policy, reference, desirable }) => {
			const gain = settings.beta * (policy - reference - z0);
			return desirable
				? settings.desirableWeight * (1 - sigmoid(gain))
				: settings.undesirableWeight * (1 - sigmoid(-gain));
		}),
	);
}

/**
 * KTO's reference point z₀ = max(0, mean d) over mismatched pairs: each example's prompt with the response of an
 * example of another prompt (arXiv 2402.01306, Sec. 4.1), an estimate of KL(π‖π_ref).
 */
export function ktoReferencePoint(
	mismatched: readonly { readonly policy: number; readonly reference: number }[],
): number {
	return Math.max(0, mean(mismatched.map(({ policy, reference }) => policy - reference)));
}
