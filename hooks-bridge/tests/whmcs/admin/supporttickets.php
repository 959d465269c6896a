<?php

declare(strict_types=1);

require __DIR__ . '/page.php';

use WHMCS\Database\Capsule;

requireAdmin();
$id = (int) ($_GET['id'] ?? 31);
$ticket = Capsule::table('tbltickets')->where('id', $id)->first();
if (isPost()) {
    requireToken();
    $message = (string) ($_POST['message'] ?? '');
    $admin = currentAdmin();
    $replyId = Capsule::table('tblticketreplies')->insertGetId([
        'tid' => $id, 'name' => '', 'email' => '', 'date' => date('Y-m-d H:i:s'), 'message' => $message,
        'admin' => $admin->firstname . ' ' . $admin->lastname,
    ]);
    Capsule::table('tbltickets')->where('id', $id)->update(['status' => 'Answered', 'lastreply' => date('Y-m-d H:i:s')]);
    run_hook('TicketAdminReply', [
        'ticketid' => $id, 'replyid' => $replyId, 'deptid' => (int) $ticket->did, 'deptname' => 'Support', 'subject' => $ticket->title,
        'message' => $message, 'priority' => $ticket->urgency, 'admin' => $admin->firstname . ' ' . $admin->lastname, 'status' => 'Answered',
    ]);
    header('location: /admin/supporttickets.php?action=view&id=' . $id . '&saved=1');
    exit;
}
showPage('#' . $ticket->tid . ' - ' . $ticket->title, saved() . hookHtml('AdminAreaViewTicketPage', ['ticketid' => $id])
    . '<div class="panel panel-default"><div class="panel-body">' . escape($ticket->message) . '</div></div>'
    . '<aside>' . hookHtml('AdminAreaViewTicketPageSidebar', ['ticketid' => $id]) . '</aside>' . showForm(['message' => ''], 'Reply'));
