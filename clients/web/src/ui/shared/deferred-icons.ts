// Icons that a first visit does not show. Modules that show one of them import this
// file.

import { addIcons } from "./Icon";

const PATHS = {
  arrowDown: "M12 5v14M6 13l6 6 6-6",
  arrowUp: "M12 19V5M6 11l6-6 6 6",
  ban: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM5.7 5.7l12.6 12.6",
  bell: "M6 16V11a6 6 0 1 1 12 0v5l1.5 2h-15L6 16ZM10 20.5h4",
  calendar: "M4 6h16v14H4zM4 10.5h16M8.5 3.5v4M15.5 3.5v4",
  chat: "M4 5h16v11H11l-4 4v-4H4V5Z",
  device: "M4 5h16v10H4zM2.5 19h19",
  download: "M12 4v11M7 10.5l5 5 5-5M5 19.5h14",
  edit: "M4 20h4L19 9l-4-4L4 16v4ZM13 7l4 4",
  file: "M7 3.5h7l4 4v13H7zM14 3.5v4h4",
  image: "M4 5h16v14H4zM4 16l4.5-4.5 4 4 2.5-2.5 5 5M15 9.2v.01",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1",
  more: "M4.5 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0ZM11.5 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0ZM18.5 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0Z",
  next: "M9 5l7 7-7 7",
  reply: "M9.5 6L4 11.5 9.5 17M4 11.5h9.5a6 6 0 0 1 6 6V19",
  star: "M12 4l2.5 5.1 5.6.8-4 4 .9 5.6-5-2.6-5 2.6.9-5.6-4-4 5.6-.8L12 4Z",
  trash: "M4.5 7h15M9 7V4.5h6V7M6.5 7l1 13h9l1-13M10 11v5M14 11v5",
  userPlus: "M10 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM3.5 20c.5-3.5 3-5.5 6.5-5.5 1.5 0 2.8.4 3.8 1M18 14v6M15 17h6",
  zoomIn: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM15.5 15.5L20 20M10.5 7.7v5.6M7.7 10.5h5.6",
  zoomOut: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM15.5 15.5L20 20M7.7 10.5h5.6",
} as const;

export type DeferredIcon = keyof typeof PATHS;

addIcons(PATHS);
