import type { Input } from "../../registry/contract/operation.ts";
import type { Project, projects } from "../../registry/contract/projects.ts";
import type { Page } from "../../registry/contract/reply.ts";

type Query = Input<typeof projects.list>;

const largest = 100;
/** Pages that are read at most: whoever has more projects finds them by name. */
const most = 20;

/** Of the projects that one may see those one is a member of: the registry tells the role, but does not look for it. */
export async function mine(
  list: (query: Query) => Promise<Page<Project>>,
  { page = 1, page_size = 10, ...query }: Query,
): Promise<Page<Project>> {
  const found: Project[] = [];
  for (let at = 1; at <= most; at += 1) {
    const { items, total } = await list({ ...query, page: at, page_size: largest });
    found.push(...items.filter((project) => project.current_user_role_ids.length > 0));
    if (at * largest >= total) break;
  }
  const from = (Number(page) - 1) * Number(page_size);
  return { items: found.slice(from, from + Number(page_size)), total: found.length };
}
