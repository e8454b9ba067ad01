import { chooseDevice, type DeviceFacts } from "../../gpu-worker/engines/onnx/choose-device.ts";
import { type DeviceWish, deviceLine } from "../../gpu-worker/engines/onnx/device.ts";
import { findGpus } from "../../gpu-worker/engines/onnx/gpus.ts";
import { type Finding, wrong } from "./finding.ts";

/** Which device would be taken, and why; a GPU that lies idle is a warning. */
export async function checkDevice(wish?: DeviceWish, facts?: DeviceFacts): Promise<Finding> {
	const check = "device";
	try {
		const chosen = await chooseDevice(wish, facts);
		const found = deviceLine(chosen);
		if (wish !== undefined || chosen.device.kind === "cuda") return { check, state: "ok", found };
		const { gpus } = await (facts?.findGpus ?? findGpus)();
		if (gpus.length === 0) return { check, state: "ok", found };
		const idle = gpus.map(({ name }) => name).join(", ");
		return {
			check,
			state: "warning",
			found: `${found}; ${idle} is not used`,
			mend: "Install what docs/workers.md says",
		};
	} catch (error) {
		return wrong(check, error);
	}
}
