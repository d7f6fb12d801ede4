/* On the queue page: the rows are on their way while the page is still being put together. */
"use strict";

window.WD.early("queue", "/api/v1/changes?since=0");
