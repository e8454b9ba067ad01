import { describe, expect, test } from "vitest";
import { DnoError } from "../../core/errors.ts";
import { runGraph } from "../../test/unit/gpu-worker/run-graph.ts";
import { float } from "../engines/onnx/session.ts";
import { encodeGraph } from "./encode.ts";
import { gradients } from "./gradients.ts";
import { Graph } from "./graph.ts";
import { decodeModel } from "./onnx-proto.ts";
import * as op from "./ops.ts";
import { broadcast, normalizeAxis, product } from "./shapes.ts";

describe("shapes", () => {
	test("products have one spelling", () => {
		expect(product([2, "T", "B", 3])).toBe("6*B*T");
		expect(product(["6*T", "B"])).toBe("6*B*T");
		expect(product([1, "T"])).toBe("T");
		expect(product([])).toBe(1);
	});

	test("a symbol broadcasts with itself and with 1 only", () => {
		expect(broadcast(["B", 1, 3], ["T", 1], "Add")).toEqual(["B", "T", 3]);
		expect(() => broadcast(["B", 3], ["T", 3], "Add")).toThrow(DnoError);
	});

	test("an axis outside the rank is refused", () => {
		expect(normalizeAxis(-1, 3)).toBe(2);
		expect(() => normalizeAxis(3, 3)).toThrow("axis out of range");
	});
});

describe("graph construction", () => {
	test("refuses two inputs of one name and dimensions that no input declares", () => {
		const graph = new Graph("g");
		graph.input("x", "float32", ["B"]);
		expect(() => graph.input("x", "float32", [1])).toThrow("two inputs of one name");
		expect(() => graph.sizes(["T", "B"])).toThrow("no input that declares the dimension");
	});

	test("stores equal small constants once", () => {
		const graph = new Graph("g");
		expect(graph.scalar(2)).toBe(graph.scalar(2));
		expect(graph.scalar(2)).not.toBe(graph.integers([2]));
		expect(graph.constant(Int32Array.of(2), [1]).dtype).toBe("int32");
	});

	test.each([
		["Reshape changes", (x: ReturnType<Graph["input"]>) => op.reshape(x, [4])],
		["MatMul's operands", (x: ReturnType<Graph["input"]>) => op.matmul(x, x)],
		["Gemm's operands", (x: ReturnType<Graph["input"]>) => op.gemm(x, x)],
		["needs a matrix", (x: ReturnType<Graph["input"]>) => op.gatherRows(op.reshape(x, ["3*B"]), x)],
		["size is known", (x: ReturnType<Graph["input"]>) => op.slice(x, 0, 0, 1)],
	])("refuses shapes that do not fit: %s", (message, build) => {
		const x = new Graph("g").input("x", "float32", ["B", 3]);
		expect(() => build(x)).toThrow(message);
	});
});

describe("differentiation", () => {
	test("refuses a loss that is no scalar, a source it does not depend on and an op without a gradient", () => {
		const graph = new Graph("g");
		const x = graph.input("x", "float32", [2]);
		const y = graph.input("y", "float32", [2]);
		expect(() => gradients(graph, x, [x])).toThrow("only a float32 scalar");
		expect(() => gradients(graph, op.reduceSum(x), [y])).toThrow("does not depend on a value");
		const [odd] = graph.emit({ op: "Floor", inputs: [x], outputs: [{ dtype: "float32", shape: [2] }] });
		expect(() => gradients(graph, op.reduceSum(odd!), [x])).toThrow("without a gradient");
	});

	test("sums over all paths, and can be applied twice", async () => {
		const graph = new Graph("g");
		const x = graph.input("x", "float32", [2]);
		const cube = op.mul(op.mul(x, x), x);
		const [first] = gradients(graph, op.reduceSum(cube), [x]);
		const [second] = gradients(graph, op.reduceSum(first!), [x]);
		graph.output("first", first!);
		graph.output("second", second!);
		const results = await runGraph(graph, { x: float(Float32Array.of(2, -1), [2]) });
		expect(results).toEqual({ first: [12, 3], second: [12, -6] });
	});
});

describe("encoding", () => {
	test("leaves out what no output needs and lets one value be several outputs", async () => {
		const graph = new Graph("g");
		const x = graph.input("x", "float32", ["B"]);
		graph.input("unused", "float32", [1]);
		op.exp(x);
		const y = op.add(x, 1);
		graph.output("a", y);
		graph.output("b", y);
		graph.output("same", x);
		const model = decodeModel(encodeGraph(graph)) as { graph: { node: { opType: string }[]; input: unknown[] } };
		expect(model.graph.node.map(({ opType }) => opType)).toEqual(["Add", "Identity", "Identity"]);
		expect(model.graph.input).toHaveLength(1);
		const results = await runGraph(graph, { x: float(Float32Array.of(1, 2), [2]) });
		expect(results).toEqual({ a: [2, 3], b: [2, 3], same: [1, 2] });
	});

	test("a graph that onnxruntime does not load is one clear error", async () => {
		const graph = new Graph("wrong");
		const x = graph.input("x", "float32", [2]);
		graph.output("y", graph.emit({ op: "NoSuchOp", inputs: [x], outputs: [x], attributes: { mode: "m" } })[0]!);
		await expect(runGraph(graph, {})).rejects.toThrow("onnxruntime does not load the graph wrong");
	});
});
