import { z } from "zod";

/** A page of a list, as every list takes it: from 1, ten at a time, a hundred at most. Harbor API 1.3. */
export const Paging = z.object({
  page: z.coerce.number().int().min(1).default(1),
  page_size: z.coerce.number().int().min(1).max(100).default(10),
  /** Harbor's query grammar, `key=value,key=~part`. */
  q: z.string().max(1000).optional(),
  /** `field,-field`; a minus turns the order round. */
  sort: z.string().max(200).optional(),
});

/** A yes or no that may arrive as a word of a query string. */
export const Flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((word) => word === "true")]);
