import { z } from "zod";

/** One optimizer step as a trainer reports it; what a training curve's JSON lines hold. */
export const trainingStep = z.object({
	step: z.int().nonnegative(),
	loss: z.number(),
	gradNorm: z.number(),
	learningRate: z.number(),
	rewardMargin: z.number().optional(),
	rewardAccuracy: z.number().optional(),
});
