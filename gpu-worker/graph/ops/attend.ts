import { DnoError } from "../../../core/errors.ts";
import type { Value } from "../graph.ts";
import { add, mul, sub } from "./elementwise.ts";
import { fusedMatmul } from "./matmul.ts";
import { reduceSum } from "./reduce.ts";
import { reshape } from "./shape.ts";
import { softmax } from "./softmax.ts";

/** What attention needs besides queries, keys and values. */
interface AttendOptions {
	/** Added to the scores [B, Q, K]: 0 where a query sees a key, very negative elsewhere. */
	readonly mask: Value;
	/** Query heads that share a key head. */
	readonly group: number;
	/** Factor on the scores. */
	readonly scale: number;
}

/**
 * softmax(scale·q·k + mask)·vᵀ: q [B, H, group·Q, dh], a key head's query heads one below the other, k and v [B, H, dh, K] →
 * [B, H, group·Q, dh]. Keys and values lie by channel, so that of the products no operand as large as the scores is transposed.
 *
 * The softmax's gradient P∘(dP − Σ dP∘P) needs a sum over the keys of every row. It is Σ dO∘O, over the dh channels of the
 * output (Dao et al., arXiv 2205.14135, Eq. 4), so that scores are passed over twice and not four times.
 */
export function attend(q: Value, k: Value, v: Value, { mask, group, scale }: AttendOptions): Value {
	const [batch, queries, keys] = mask.shape;
	const heads = q.shape[1];
	if (
		batch === undefined ||
		queries === undefined ||
		keys === undefined ||
		heads === undefined ||
		k.shape[3] !== keys
	) {
		throw new DnoError({ what: "attention's operands do not fit", got: [q.shape, k.shape, mask.shape] });
	}
	const scores = fusedMatmul(q, k, { scale });
	const masked = add(
		reshape(scores, [batch, heads, group, queries, keys]),
		reshape(mask, [batch, 1, 1, queries, keys]),
	);
	const probabilities = reshape(softmax(masked), scores.shape);
	const output: Value = q.graph.emit({
		op: "FusedMatMul",
		domain: "com.microsoft",
		inputs: [probabilities, v],
		outputs: [{ dtype: q.dtype, shape: q.shape }],
		attributes: { transB: 1 },
		sources: [q, k, v],
		gradient: ([dy]) => {
			const along = fusedMatmul(dy!, v, {});
			const mean = reduceSum(mul(dy!, output), { axes: [-1], keepDims: true });
			const dScores = mul(probabilities, sub(along, mean));
			return [
				fusedMatmul(dScores, k, { transB: true, scale }),
				fusedMatmul(q, dScores, { transA: true, scale }),
				fusedMatmul(dy!, probabilities, { transA: true }),
			];
		},
	})[0]!;
	return output;
}
