import type { Value } from "../graph.ts";
import { mul, sub } from "./elementwise.ts";
import { reduceMean, reduceSum } from "./reduce.ts";

/**
 * Root-mean-square normalisation over the last axis (Zhang & Sennrich, arXiv 1910.07467), as Llama uses it:
 * x [N, D] and weight [D] → x / √(mean(x²) + ε) · weight.
 */
export function rmsNorm(x: Value, weight: Value, epsilon: number): Value {
	const { graph } = x;
	const [y, inverse] = graph.emit({
		op: "SimplifiedLayerNormalization",
		inputs: [x, weight],
		outputs: [
			{ dtype: x.dtype, shape: x.shape },
			{ dtype: x.dtype, shape: [...x.shape.slice(0, -1), 1] }, // 1/rms
		],
		attributes: { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
		gradient: ([dy]) => {
			const dNormal = mul(dy!, weight);
			const projection = reduceMean(mul(dNormal, x), { axes: [-1], keepDims: true });
			// (dx̂ − x̂·mean(dx̂·x̂))/rms with x̂ = x/rms; the factors of x are one number a row.
			const alongX = mul(projection, mul(inverse!, mul(inverse!, inverse!)));
			return [
				sub(mul(dNormal, inverse!), mul(x, alongX)),
				reduceSum(mul(dy!, mul(x, inverse!)), { axes: x.shape.slice(0, -1).keys().toArray() }),
			];
		},
	});
	return y!;
}
