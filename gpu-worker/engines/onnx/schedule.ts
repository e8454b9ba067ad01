import type { TrainingSettings } from "../../engine.ts";

/** Learning rate of a step counted from 0: linear warm-up to the peak, then constant, or falling to 0 at the last step's end. */
export function learningRateAt(step: number, settings: TrainingSettings): number {
	const { learningRate: peak, warmupSteps, steps, schedule } = settings;
	if (step < warmupSteps) return (peak * (step + 1)) / warmupSteps;
	if (schedule === "constant") return peak;
	const progress = (step - warmupSteps) / Math.max(1, steps - warmupSteps);
	return schedule === "linear" ? peak * (1 - progress) : (peak * (1 + Math.cos(Math.PI * progress))) / 2;
}
