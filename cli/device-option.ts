import { type ChosenDevice, type DeviceWish, parseDevice } from "../gpu-worker/engines/onnx/device.ts";
import type { StrictArgs } from "./strict-args.ts";

export const DEVICE_ARG = {
	type: "string",
	valueHint: "device",
	description: "Insist on cpu, cuda or cuda:N (default: CUDA where it is there)",
} as const;

/** @throws {DnoError} `--device` is none. */
export function deviceWish(args: StrictArgs): DeviceWish | undefined {
	const text = args.options.get("device")?.[0];
	return text === undefined ? undefined : parseDevice(text);
}

/**
 * The device that a command computes on.
 *
 * @throws {DnoError} `--device` is none, or names one that is not there.
 */
export async function deviceOf(args: StrictArgs): Promise<ChosenDevice> {
	const wish = deviceWish(args);
	// Loaded here, since --help needs no onnxruntime.
	const { chooseDevice } = await import("../gpu-worker/engines/onnx/choose-device.ts");
	return chooseDevice(wish);
}
