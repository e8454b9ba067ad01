/** Task queues of DESIGN.md; every GPU host has one more of its own, handed out on the `gpu` queue. */
export const TASK_QUEUES = { control: "dno-control", judge: "dno-judge", gpu: "dno-gpu" } as const;
