import { float, openSession } from "../gpu-worker/engines/onnx/session.ts";
import { Graph } from "../gpu-worker/graph/graph.ts";
import { gemm } from "../gpu-worker/graph/ops.ts";

const SIZE = 1024;

/** Opens a 1024³ float32 product on onnxruntime; each call of the result gives the rate of one run in GFLOP/s. */
export async function openGemm(threads: number): Promise<() => Promise<number>> {
	const graph = new Graph("gemm");
	const [a, b] = ["a", "b"].map((name) => graph.input(name, "float32", [SIZE, SIZE]));
	graph.output("c", gemm(a!, b!));
	const session = await openSession(graph, { threads });
	const matrix = () =>
		float(
			Float32Array.from({ length: SIZE * SIZE }, (_, i) => (i % 17) / 17),
			[SIZE, SIZE],
		);
	const feeds = { a: matrix(), b: matrix() };
	const fetches = { c: matrix() };
	return async () => {
		const start = performance.now();
		await session.run(feeds, fetches);
		return (2 * SIZE ** 3) / (performance.now() - start) / 1e6;
	};
}
