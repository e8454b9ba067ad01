/** What a report consists of, in the order in which it is written: whoever finds report.json finds the others. */
export const REPORT_FILES = ["win-rate.svg", "report.html", "report.json"] as const;
export type ReportFile = (typeof REPORT_FILES)[number];
