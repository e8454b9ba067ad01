import { DnoError } from "../../core/errors.ts";
import type { Dim, Shape } from "./shapes.ts";

/** Element types that our graphs use, under onnxruntime's names. */
export type DataType = "float32" | "int64" | "int32" | "int8" | "uint8" | "bool";

/** One tensor in a graph: the output of a node, an input or a constant. */
export interface Value {
	readonly graph: Graph;
	readonly name: string;
	readonly dtype: DataType;
	readonly shape: Shape;
}

/**
 * Given the gradients of the loss by each output of a node (undefined where the loss does not depend on it),
 * returns those by each of its inputs (undefined where there is none); may add nodes to the graph.
 */
export type GradientRule = (outputGradients: readonly (Value | undefined)[]) => (Value | undefined)[];

export type Attribute = number | string | readonly number[] | { readonly float: number };

export interface GraphNode {
	readonly op: string;
	readonly domain: string;
	/** An empty name stands for an optional input that is left out. */
	readonly inputs: readonly (Value | undefined)[];
	readonly outputs: readonly Value[];
	readonly attributes: Readonly<Record<string, Attribute>>;
	readonly gradient: GradientRule | undefined;
	/** What the gradient rule's results belong to; the inputs, unless the node ends an op made of several nodes. */
	readonly sources: readonly (Value | undefined)[];
}

interface NodeSpec {
	readonly op: string;
	readonly domain?: string;
	readonly inputs: readonly (Value | undefined)[];
	readonly outputs: readonly { readonly dtype: DataType; readonly shape: Shape }[];
	readonly attributes?: Readonly<Record<string, Attribute>>;
	/** Absent: the op is a constant to differentiation. */
	readonly gradient?: GradientRule;
	/**
	 * For an op made of several nodes with one gradient of its own, on its last node: the op's operands. The nodes
	 * before it are then no part of differentiation.
	 */
	readonly sources?: readonly (Value | undefined)[];
}

export interface Constant {
	readonly value: Value;
	readonly data: Float32Array | BigInt64Array | Int32Array | Uint8Array;
}

/**
 * An ONNX graph under construction. Ops are functions of values (see `ops/`), each of which adds nodes through
 * {@link Graph.emit}; nodes stand in an order in which they can be run.
 */
export class Graph {
	readonly name: string;
	readonly inputs: Value[] = [];
	readonly outputs: { readonly name: string; readonly value: Value }[] = [];
	readonly constants: Constant[] = [];
	readonly nodes: GraphNode[] = [];
	/** Where each symbolic dimension can be read at run time: an input and its axis. */
	readonly #symbols = new Map<string, { readonly input: Value; readonly axis: number }>();
	readonly #dimValues = new Map<string, Value>();
	readonly #constantsByKey = new Map<string, Value>();
	#counter = 0;

	constructor(name: string) {
		this.name = name;
	}

	/** Declares an input; a symbol that occurs for the first time is read from this input's shape at run time. */
	input(name: string, dtype: DataType, shape: Shape): Value {
		if (this.inputs.some((input) => input.name === name)) {
			throw new DnoError({ what: `graph ${this.name} has two inputs of one name`, got: name });
		}
		const value: Value = { graph: this, name, dtype, shape };
		this.inputs.push(value);
		shape.forEach((dim, axis) => {
			if (typeof dim === "string" && !this.#symbols.has(dim)) this.#symbols.set(dim, { input: value, axis });
		});
		return value;
	}

	/** Names a value as an output of the graph. */
	output(name: string, value: Value): void {
		this.outputs.push({ name, value });
	}

	/** Adds a node and returns its outputs. */
	emit(spec: NodeSpec): Value[] {
		const outputs = spec.outputs.map(({ dtype, shape }) => this.#newValue(spec.op, dtype, shape));
		this.nodes.push({
			op: spec.op,
			domain: spec.domain ?? "",
			inputs: spec.inputs,
			outputs,
			attributes: spec.attributes ?? {},
			gradient: spec.gradient,
			sources: spec.sources ?? spec.inputs,
		});
		return outputs;
	}

	/** A constant of the given shape; equal small constants are stored once. */
	constant(data: Constant["data"], shape: readonly number[]): Value {
		const dtype = elementType(data);
		const key = data.length <= 16 ? `${dtype}[${shape}]${data}` : undefined;
		const known = key === undefined ? undefined : this.#constantsByKey.get(key);
		if (known !== undefined) return known;
		const value = this.#newValue("Constant", dtype, shape);
		this.constants.push({ value, data });
		if (key !== undefined) this.#constantsByKey.set(key, value);
		return value;
	}

	scalar(number: number): Value {
		return this.constant(Float32Array.of(number), []);
	}

	integers(numbers: readonly number[]): Value {
		return this.constant(BigInt64Array.from(numbers, BigInt), [numbers.length]);
	}

	/** The sizes of a shape as an int64 vector of length `shape.length`, symbols read at run time. */
	sizes(shape: Shape): Value {
		if (shape.every((dim) => typeof dim === "number")) return this.integers(shape);
		const parts = shape.map((dim) => this.#size(dim));
		if (parts.length === 1) return parts[0]!;
		return this.emit({
			op: "Concat",
			inputs: parts,
			outputs: [{ dtype: "int64", shape: [shape.length] }],
			attributes: { axis: 0 },
		})[0]!;
	}

	/** One dimension as an int64 vector of length 1; a product `B*T` is multiplied out. */
	#size(dim: Dim): Value {
		if (typeof dim === "number") return this.integers([dim]);
		const known = this.#dimValues.get(dim);
		if (known !== undefined) return known;
		const declared = this.#symbols.get(dim);
		const one: Shape = [1];
		let value: Value;
		if (declared !== undefined) {
			value = this.emit({
				op: "Shape",
				inputs: [declared.input],
				outputs: [{ dtype: "int64", shape: one }],
				attributes: { start: declared.axis, end: declared.axis + 1 },
			})[0]!;
		} else if (dim.includes("*")) {
			value = dim
				.split("*")
				.map((factor) => this.#size(/^\d+$/.test(factor) ? Number(factor) : factor))
				.reduce((a, b) => this.emit({ op: "Mul", inputs: [a, b], outputs: [{ dtype: "int64", shape: one }] })[0]!);
		} else {
			throw new DnoError({ what: `graph ${this.name} has no input that declares the dimension`, got: dim });
		}
		this.#dimValues.set(dim, value);
		return value;
	}

	#newValue(op: string, dtype: DataType, shape: Shape): Value {
		this.#counter += 1;
		return { graph: this, name: `${op}_${this.#counter}`, dtype, shape };
	}
}

function elementType(data: Constant["data"]): DataType {
	if (data instanceof Float32Array) return "float32";
	if (data instanceof Int32Array) return "int32";
	return data instanceof Uint8Array ? "uint8" : "int64";
}
