// On every page. Nothing here is needed to read a page or to send a form.

import { startDialogs } from "./dialogs.js";
import { startMenus } from "./menus.js";
import { startRequests } from "./requests.js";
import { startSmall } from "./small.js";
import { startToasts } from "./toasts.js";

startToasts();
startMenus();
startDialogs();
startRequests();
startSmall();
