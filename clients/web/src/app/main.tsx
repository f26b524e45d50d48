import "../ui/styles/index.css";

import { render } from "solid-js/web";

import { Root } from "./Root";

const root = document.getElementById("root");
if (root) render(() => <Root />, root);
