import { DnoError } from "../../../core/errors.ts";

/** What computes: onnxruntime's CPU provider, or its CUDA provider on one GPU. */
export type OnnxDevice =
	| { readonly kind: "cpu" }
	| { readonly kind: "cuda" /** As CUDA counts, from 0. */; readonly index: number };

/** Where a session runs. */
export interface Execution {
	/** Of the CPU provider, which also takes what CUDA's has no kernel for. */
	readonly threads: number;
	/** Default: the CPU. */
	readonly device?: OnnxDevice;
}

/** `cpu`, `cuda:0`, …: as `--device` takes it. */
export function deviceLabel(device: OnnxDevice): string {
	return device.kind === "cpu" ? "cpu" : `cuda:${device.index}`;
}

/** What `--device` insists on; without it CUDA is taken where it is there. */
export type DeviceWish = { readonly kind: "cpu" } | { readonly kind: "cuda"; readonly index?: number };

export interface ChosenDevice {
	readonly device: OnnxDevice;
	/** Of a GPU. */
	readonly name?: string;
	/** Why this one was taken, as the end of a sentence. */
	readonly why: string;
}

/** @throws {DnoError} It is no device. */
export function parseDevice(text: string): DeviceWish {
	const found = /^(?:(cpu)|cuda(?::(\d{1,3}))?)$/.exec(text);
	if (found === null)
		throw new DnoError({
			what: "--device takes cpu, cuda or cuda:N",
			got: text,
			mend: "Leave it out to have CUDA taken where it is there",
			kind: "usage",
		});
	if (found[1] !== undefined) return { kind: "cpu" };
	return { kind: "cuda", ...(found[2] !== undefined && { index: Number(found[2]) }) };
}

/** `cuda:0, NVIDIA H200 (CUDA works)`, or `cpu (no CUDA: …)`. */
export function deviceLine({ device, name, why }: ChosenDevice): string {
	return `${deviceLabel(device)}${name === undefined ? "" : `, ${name}`} (${why})`;
}
