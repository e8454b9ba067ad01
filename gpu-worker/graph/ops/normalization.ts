import type { Value } from "../graph.ts";
import { add, mul, reciprocal, sqrt, sub } from "./elementwise.ts";
import { reduceMean, reduceSum } from "./reduce.ts";

/**
 * Root-mean-square normalisation over the last axis (Zhang & Sennrich, arXiv 1910.07467), as Llama uses it:
 * x [N, D] and weight [D] → x / √(mean(x²) + ε) · weight.
 */
export function rmsNorm(x: Value, weight: Value, epsilon: number): Value {
	const { graph } = x;
	const [y] = graph.emit({
		op: "SimplifiedLayerNormalization",
		inputs: [x, weight],
		outputs: [{ dtype: x.dtype, shape: x.shape }],
		attributes: { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
		gradient: ([dy]) => {
			const scale = reciprocal(sqrt(add(reduceMean(mul(x, x), { axes: [-1], keepDims: true }), epsilon))); // 1/rms
			const normal = mul(x, scale); // x̂
			const dyNormal = mul(dy!, normal);
			const projection = reduceMean(mul(dyNormal, weight), { axes: [-1], keepDims: true }); // mean(dx̂·x̂)
			return [
				mul(sub(mul(dy!, weight), mul(normal, projection)), scale), // (dx̂ − x̂·mean(dx̂·x̂))/rms
				reduceSum(dyNormal, { axes: x.shape.slice(0, -1).keys().toArray() }),
			];
		},
	});
	return y!;
}
