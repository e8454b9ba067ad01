/** The library: what a config file and a program around `dno` import. */
export { type CampaignConfig, type CampaignConfigInput, campaignConfig, defineConfig } from "./core/config.ts";
export { DnoError } from "./core/errors.ts";
export type { CampaignEvent } from "./core/events.ts";
export * from "./core/records.ts";
export { type Report, report } from "./core/report.ts";
export type { Engine, Sampler, Trainer } from "./gpu-worker/engine.ts";
export { type CampaignClient, createCampaignClient } from "./infra/campaign/client.ts";
