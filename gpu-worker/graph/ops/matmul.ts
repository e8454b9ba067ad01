import { DnoError } from "../../../core/errors.ts";
import type { Value } from "../graph.ts";
import { broadcast, type Shape } from "../shapes.ts";
import { reduceSum, sumTo } from "./reduce.ts";
import { transpose } from "./shape.ts";

/** Batched matrix product: [..., M, K] · [..., K, N] → [..., M, N], leading axes broadcast. */
export function matmul(a: Value, b: Value): Value {
	const [rows, inner] = a.shape.slice(-2);
	const [innerB, columns] = b.shape.slice(-2);
	if (a.shape.length < 2 || b.shape.length < 2 || inner !== innerB) throw mismatch("MatMul", a.shape, b.shape);
	const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2), "MatMul");
	return a.graph.emit({
		op: "MatMul",
		inputs: [a, b],
		outputs: [{ dtype: a.dtype, shape: [...batch, rows!, columns!] }],
		gradient: ([dy]) => [
			sumTo(matmul(dy!, swapLast(b)), a.shape), // dA = dY·Bᵀ
			sumTo(matmul(swapLast(a), dy!), b.shape), // dB = Aᵀ·dY
		],
	})[0]!;
}

/** Exchanges the last two axes. */
function swapLast(x: Value): Value {
	const rank = x.shape.length;
	const order = Array.from({ length: rank }, (_, i) => i);
	return transpose(x, [...order.slice(0, -2), rank - 1, rank - 2]);
}

/** Which operands {@link gemm} transposes, and what it adds. */
interface GemmOptions {
	readonly transA?: boolean;
	readonly transB?: boolean;
	/** Added to every row [N]. */
	readonly bias?: Value | undefined;
}

/** Matrix product of two matrices, either of them transposed: [M, K] · [K, N] → [M, N]. */
export function gemm(a: Value, b: Value, { transA = false, transB = false, bias }: GemmOptions = {}): Value {
	const [rows, innerA] = transA ? a.shape.toReversed() : a.shape;
	const [innerB, columns] = transB ? b.shape.toReversed() : b.shape;
	if (a.shape.length !== 2 || b.shape.length !== 2 || innerA !== innerB) throw mismatch("Gemm", a.shape, b.shape);
	return a.graph.emit({
		op: "Gemm",
		inputs: [a, b, bias],
		outputs: [{ dtype: a.dtype, shape: [rows!, columns!] }],
		attributes: { transA: transA ? 1 : 0, transB: transB ? 1 : 0 },
		gradient: ([dy]) => [
			transA ? gemm(b, dy!, { transA: transB, transB: true }) : gemm(dy!, b, { transB: !transB }),
			transB ? gemm(dy!, a, { transA: true, transB: transA }) : gemm(a, dy!, { transA: !transA }),
			bias && reduceSum(dy!, { axes: [0] }),
		],
	})[0]!;
}

/** What {@link fusedMatmul} does to its operands and to the product. */
interface FusedOptions {
	readonly transA?: boolean;
	readonly transB?: boolean;
	readonly scale?: number;
}

/** scale·a·b of equally many matrices [..., M, K] and [..., K, N], their last axes exchanged where asked; has no gradient. */
export function fusedMatmul(a: Value, b: Value, { transA = false, transB = false, scale = 1 }: FusedOptions): Value {
	const [rows, innerA] = transA ? a.shape.slice(-2).toReversed() : a.shape.slice(-2);
	const [innerB, columns] = transB ? b.shape.slice(-2).toReversed() : b.shape.slice(-2);
	if (innerA !== innerB) throw mismatch("FusedMatMul", a.shape, b.shape);
	return a.graph.emit({
		op: "FusedMatMul",
		domain: "com.microsoft",
		inputs: [a, b],
		outputs: [{ dtype: a.dtype, shape: [...a.shape.slice(0, -2), rows!, columns!] }],
		attributes: { transA: transA ? 1 : 0, transB: transB ? 1 : 0, alpha: { float: scale } },
	})[0]!;
}

/** x·Wᵀ + b for a weight stored as [out, in], as torch's Linear stores it: [N, in] → [N, out]. */
export function linear(x: Value, weight: Value, bias?: Value): Value {
	return gemm(x, weight, { transB: true, bias });
}

function mismatch(op: string, a: Shape, b: Shape): DnoError {
	return new DnoError({ what: `${op}'s operands do not fit`, got: [a, b] });
}
