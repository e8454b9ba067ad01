import { expect, test } from "vitest";
import { runGraph } from "../../../test/unit/gpu-worker/run-graph.ts";
import { float } from "../../engines/onnx/session.ts";
import { Graph } from "../graph.ts";
import { joinedSoftmax } from "./joined-softmax.ts";

test("the parts of a joined softmax are those of one softmax", async () => {
	const graph = new Graph("joined");
	const [a, b] = joinedSoftmax(graph.input("a", "float32", [2, "M"]), graph.input("b", "float32", [2, "N"]));
	graph.output("left", a);
	graph.output("right", b);
	const feeds = { a: float(Float32Array.of(1, 2, 3, -1e9), [2, 2]), b: float(Float32Array.of(0, 5), [2, 1]) };
	const { left, right } = await runGraph(graph, feeds);
	const rows = [
		[1, 2, 0],
		[3, -1e9, 5],
	];
	rows.forEach((row, r) => {
		const sum = row.reduce((total, x) => total + Math.exp(x), 0);
		[left![2 * r], left![2 * r + 1], right![r]].forEach((x, i) => {
			expect(x).toBeCloseTo(Math.exp(row[i]!) / sum, 6);
		});
	});
});

test("operands of other rows are refused", () => {
	const graph = new Graph("joined");
	const [a, b] = [graph.input("a", "float32", [2, "M"]), graph.input("b", "float32", [3, "N"])];
	expect(() => joinedSoftmax(a, b)).toThrow("the operands of a joined softmax do not fit");
});
