import type { Attribute, Constant, DataType, Graph, GraphNode, Value } from "./graph.ts";
import { encodeModel } from "./onnx-proto.ts";
import { liveNodes } from "./prune.ts";
import type { Shape } from "./shapes.ts";

/** ONNX TensorProto.DataType. */
const ELEMENT_TYPES: Record<DataType, number> = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9 };

/** Opset 23 is the first with RotaryEmbedding; IR version 11 belongs to it. */
const OPSET = 23;
const IR_VERSION = 11;

/** Where in a file beside the model tensors lie, in bytes. */
export interface ExternalTensors {
	readonly file: string;
	readonly tensors: ReadonlyMap<string, { readonly offset: number; readonly length: number }>;
}

/**
 * The bytes of the graph as an ONNX model, as `InferenceSession.create` takes them; nodes that no output needs are left out.
 *
 * @param external inputs of these names become constants, read from the file beside the model
 */
export function encodeGraph(graph: Graph, external?: ExternalTensors): Uint8Array {
	const nodes = liveNodes(graph);
	// A node writes a graph output under its own name, so that the output's buffer can be the one that is passed in;
	// an Identity stands in only where one value is several outputs or an output is an input.
	const renamed = new Map<string, string>();
	const produced = new Set(nodes.flatMap((node) => node.outputs.map(({ name }) => name)));
	const copied = graph.outputs.filter(({ name, value }) => {
		if (!produced.has(value.name) || renamed.has(value.name)) return true;
		renamed.set(value.name, name);
		return false;
	});
	const nameOf = (value: Value | undefined) => (value === undefined ? "" : (renamed.get(value.name) ?? value.name));
	const used = new Set(nodes.flatMap((node) => node.inputs.map((input) => input?.name)));
	for (const { value } of graph.outputs) used.add(value.name);
	const inputs = graph.inputs.filter(({ name }) => used.has(name));
	const isExternal = ({ name }: Value) => external?.tensors.has(name) === true;
	return encodeModel({
		irVersion: IR_VERSION,
		producerName: "dno",
		opsetImport: [
			{ domain: "", version: OPSET },
			{ domain: "com.microsoft", version: 1 },
		],
		graph: {
			name: graph.name,
			node: [
				...nodes.map((node) => encodeNode(node, nameOf)),
				...copied.map(({ name, value }) => ({ opType: "Identity", input: [nameOf(value)], output: [name], name })),
			],
			initializer: [
				...graph.constants.filter(({ value }) => used.has(value.name)).map(encodeConstant),
				...(external === undefined ? [] : inputs.filter(isExternal).map((value) => encodeExternal(value, external))),
			],
			input: inputs.filter((value) => !isExternal(value)).map((value) => encodeInfo(value.name, value)),
			output: graph.outputs.map(({ name, value }) => encodeInfo(name, value)),
		},
	});
}

function encodeNode(node: GraphNode, nameOf: (value: Value | undefined) => string) {
	const input = node.inputs.map(nameOf);
	while (input.at(-1) === "") input.pop();
	return {
		opType: node.op,
		domain: node.domain,
		name: node.outputs[0]?.name,
		input,
		output: node.outputs.map(nameOf),
		attribute: Object.entries(node.attributes).map(([name, value]) => encodeAttribute(name, value)),
	};
}

function encodeAttribute(name: string, value: Attribute) {
	if (typeof value === "number") return { name, type: 2, i: value };
	if (typeof value === "string") return { name, type: 3, s: Buffer.from(value) };
	if ("float" in value) return { name, type: 1, f: value.float };
	return { name, type: 7, ints: value };
}

function encodeConstant({ value, data }: Constant) {
	return {
		name: value.name,
		dataType: ELEMENT_TYPES[value.dtype],
		dims: value.shape,
		rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
	};
}

/** TensorProto.DataLocation's EXTERNAL. */
const EXTERNAL = 1;

function encodeExternal({ name, dtype, shape }: Value, { file, tensors }: ExternalTensors) {
	const entries = { location: file, ...tensors.get(name)! };
	return {
		name,
		dataType: ELEMENT_TYPES[dtype],
		dims: shape,
		dataLocation: EXTERNAL,
		externalData: Object.entries(entries).map(([key, value]) => ({ key, value: String(value) })),
	};
}

function encodeInfo(name: string, { dtype, shape }: { readonly dtype: DataType; readonly shape: Shape }) {
	const dim = shape.map((size) => (typeof size === "number" ? { dimValue: size } : { dimParam: size }));
	return { name, type: { tensorType: { elemType: ELEMENT_TYPES[dtype], shape: { dim } } } };
}
