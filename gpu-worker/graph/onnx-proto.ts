import protobuf from "protobufjs/light.js";

/**
 * The part of onnx.proto that our graphs use, with the field numbers of ONNX IR version 10
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto); fields that are left out are never written.
 */
const descriptor = {
	nested: {
		ModelProto: {
			fields: {
				irVersion: { id: 1, type: "int64" },
				producerName: { id: 2, type: "string" },
				graph: { id: 7, type: "GraphProto" },
				opsetImport: { id: 8, type: "OperatorSetIdProto", rule: "repeated" },
			},
		},
		OperatorSetIdProto: { fields: { domain: { id: 1, type: "string" }, version: { id: 2, type: "int64" } } },
		GraphProto: {
			fields: {
				node: { id: 1, type: "NodeProto", rule: "repeated" },
				name: { id: 2, type: "string" },
				initializer: { id: 5, type: "TensorProto", rule: "repeated" },
				input: { id: 11, type: "ValueInfoProto", rule: "repeated" },
				output: { id: 12, type: "ValueInfoProto", rule: "repeated" },
			},
		},
		NodeProto: {
			fields: {
				input: { id: 1, type: "string", rule: "repeated" },
				output: { id: 2, type: "string", rule: "repeated" },
				name: { id: 3, type: "string" },
				opType: { id: 4, type: "string" },
				attribute: { id: 5, type: "AttributeProto", rule: "repeated" },
				domain: { id: 7, type: "string" },
			},
		},
		AttributeProto: {
			fields: {
				name: { id: 1, type: "string" },
				f: { id: 2, type: "float" },
				i: { id: 3, type: "int64" },
				s: { id: 4, type: "bytes" },
				ints: { id: 8, type: "int64", rule: "repeated", options: { packed: false } },
				type: { id: 20, type: "int32" },
			},
		},
		TensorProto: {
			fields: {
				dims: { id: 1, type: "int64", rule: "repeated", options: { packed: false } },
				dataType: { id: 2, type: "int32" },
				name: { id: 8, type: "string" },
				rawData: { id: 9, type: "bytes" },
				externalData: { id: 13, type: "StringStringEntryProto", rule: "repeated" },
				dataLocation: { id: 14, type: "int32" },
			},
		},
		StringStringEntryProto: { fields: { key: { id: 1, type: "string" }, value: { id: 2, type: "string" } } },
		ValueInfoProto: { fields: { name: { id: 1, type: "string" }, type: { id: 2, type: "TypeProto" } } },
		TypeProto: { fields: { tensorType: { id: 1, type: "TensorTypeProto" } } },
		TensorTypeProto: {
			fields: { elemType: { id: 1, type: "int32" }, shape: { id: 2, type: "TensorShapeProto" } },
		},
		TensorShapeProto: { fields: { dim: { id: 1, type: "DimensionProto", rule: "repeated" } } },
		DimensionProto: {
			oneofs: { value: { oneof: ["dimValue", "dimParam"] } },
			fields: { dimValue: { id: 1, type: "int64" }, dimParam: { id: 2, type: "string" } },
		},
	},
};

const modelType = protobuf.Root.fromJSON(descriptor).lookupType("ModelProto");

/** Bytes of an ONNX ModelProto given as a plain object whose keys are the descriptor's. */
export function encodeModel(model: Record<string, unknown>): Uint8Array {
	return modelType.encode(modelType.fromObject(model)).finish();
}

/** The reverse of {@link encodeModel}, for tests and debugging. */
export function decodeModel(bytes: Uint8Array): Record<string, unknown> {
	return modelType.toObject(modelType.decode(bytes), { longs: Number, defaults: false });
}
